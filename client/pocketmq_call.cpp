// pocketmq-call: makes a call from a shell, or many calls to measure them.
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <iomanip>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <asio/bind_executor.hpp>
#include <asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include "client/exit_status.hpp"
#include "client/rpc_client.hpp"
#include "client/stop_signals.hpp"
#include "client/values/urls.hpp"
#include "protocol/base/printable.hpp"
#include "protocol/base/process_name.hpp"
#include "protocol/base/version.hpp"
#include "protocol/base/whole_number.hpp"
#include "protocol/vocabulary/limits.hpp"

namespace {

using namespace pocketmq::client;
using nlohmann::json;
using pocketmq::protocol::fault_of_whole_number;
using pocketmq::protocol::LineEnds;
using pocketmq::protocol::printable;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::uint64_t calls_max = 100'000'000;  // because the time of each call is kept in memory
constexpr std::uint64_t in_flight_max = 1'000'000;
constexpr milliseconds timeout_max{0xFFFF'FFFFLL};  // the longest expiration of a message: 49 days

struct Arguments {
  std::string urls{};
  std::string queue{};
  std::vector<std::string> json{};
  bool takes_standard_input{false};
  bool is_raw{false};
  ProcedureOptions options{};
  std::optional<milliseconds> connection_timeout{};
  std::size_t repeat{1};
  std::size_t in_flight{1};
  std::string name{pocketmq::protocol::process_name("pocketmq-call")};
};

using Finished = std::function<void(std::exception_ptr, Bytes)>;
/// Starts one call. Its argument is called in `io` when the call is over.
using Call = std::function<void(Finished)>;

/// What a call needs in addition to its arguments.
struct Surroundings {
  RpcClient& rpc;
  asio::io_context& io;  // runs the callbacks of finished calls
  std::stop_token stop;  // cancels calls
};

/// A call of the procedure, with the arguments given or with `input`. The reply is not parsed.
Call call_of(const Arguments& arguments, const Bytes& input, const Surroundings& in) {
  const auto call = [&]<class... Args>(const Args&... args) -> Call {
    const auto procedure = in.rpc.procedure<Bytes(Args...)>(arguments.queue, arguments.options).with(in.stop);
    return [procedure, &io = in.io, args...](Finished finished) {
      procedure.async(args..., asio::bind_executor(io, std::move(finished)));
    };
  };
  if (arguments.takes_standard_input) return call(input);
  if (arguments.json.empty()) return call();
  // Several arguments are sent as one array.
  auto values = json::array();
  for (const auto& text : arguments.json) values.push_back(json::parse(text));
  return call(values.size() == 1 ? values[0] : values);
}

/// The reply on one line, its members in their order. Control characters can only be in strings, and are written as
/// escapes: `printable` writes `\u009b` as JSON does.
std::string line_of(const std::string& reply, const std::string& queue) {
  const rpc_json::JsonDocument checked{reply, RpcCode::internal, "the reply of '" + queue + "' (see --raw)"};
  return printable(nlohmann::ordered_json::parse(reply).dump()) + "\n";
}

/// The reply unchanged, unless it goes to a terminal.
std::string raw_text_of(const std::string& reply) {
  return ::isatty(STDOUT_FILENO) == 1 ? printable(reply, LineEnds::kept) : reply;
}

void say(std::string_view text) { std::cerr << "pocketmq-call: " << printable(text, LineEnds::kept) << '\n'; }

int report(const RpcError& error) {
  say(error.what());
  return exit_status(error.code());
}

int call_once(const Arguments& arguments, const Call& call, asio::io_context& io) {
  int status = 0;
  call([&](const std::exception_ptr& failed, const Bytes& reply) {
    try {
      if (failed) std::rethrow_exception(failed);
      std::cout << (arguments.is_raw ? raw_text_of(reply.data) : line_of(reply.data, arguments.queue)) << std::flush;
    } catch (const RpcError& error) {
      status = report(error);
    }
  });
  io.run();
  return status;
}

/// A progress bar on standard error, if that is a terminal: [#####.....] 500 of 1000
class ProgressBar {
 public:
  explicit ProgressBar(std::size_t total) : total_{total} {}
  ~ProgressBar() {
    if (is_shown_) std::cerr << "\r\033[K" << std::flush;
  }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void show(std::size_t done) {
    const auto now = steady_clock::now();
    if (!is_shown_ || now - drawn_ < milliseconds{100}) return;
    drawn_ = now;
    constexpr std::size_t width = 40;
    const auto filled = done * width / total_;
    std::cerr << "\r[" << std::string(filled, '#') << std::string(width - filled, '.') << "] " << done << " of "
              << total_ << std::flush;
  }

 private:
  const std::size_t total_;
  const bool is_shown_{::isatty(STDERR_FILENO) == 1};
  steady_clock::time_point drawn_{};
};

/// Makes `repeat` calls, `in_flight` at once, and keeps their results. After a stop request it makes no more calls. It
/// runs on `io`.
class Burst {
 public:
  Burst(const Arguments& arguments, const Call& call, std::stop_token stop)
      : total_{arguments.repeat}, call_{call}, stop_{std::move(stop)}, progress_{arguments.repeat} {
    for (std::size_t i = 0; i < std::min(total_, arguments.in_flight); ++i) start();
  }

  /// Latencies are counted only for calls that were answered.
  void print(steady_clock::duration took) {
    std::ostringstream text;  // leaves the format of std::cout alone
    text << std::fixed << std::setprecision(2);
    const auto seconds = std::chrono::duration<double>{took}.count();
    text << finished_ << " calls in " << seconds << " s, " << std::setprecision(0)
         << static_cast<double>(finished_) / seconds << " a second\n"
         << latencies_.size() << " replies\n";
    for (const auto& [code, failed] : failures_) text << failed << ' ' << name_of(code) << '\n';
    std::ranges::sort(latencies_);
    if (!latencies_.empty())
      text << std::setprecision(3) << "latency p50 " << percentile(50) << " ms, p90 " << percentile(90) << " ms, p99 "
           << percentile(99) << " ms, max " << percentile(100) << " ms\n";
    std::cout << text.str() << std::flush;
  }

  /// The exit status of the first failed call, or 0.
  [[nodiscard]] int status() const { return status_; }

 private:
  void start() {
    ++started_;
    call_([this, begun = steady_clock::now()](const std::exception_ptr& failed, const Bytes&) {
      if (failed)
        count(failed);
      else
        latencies_.push_back(steady_clock::now() - begun);
      progress_.show(++finished_);
      if (started_ < total_ && !stop_.stop_requested()) start();
    });
  }

  // Only the first failure of each code is reported.
  void count(const std::exception_ptr& failed) try { std::rethrow_exception(failed); } catch (const RpcError& error) {
    if (++failures_[error.code()] > 1) return;
    const auto status = report(error);
    if (status_ == 0) status_ = status;
  }

  /// The time, in milliseconds, that `percent` percent of the calls did not exceed.
  [[nodiscard]] double percentile(std::size_t percent) const {
    const auto rank = std::max<std::size_t>((latencies_.size() * percent + 99) / 100, 1);
    return std::chrono::duration<double, std::milli>{latencies_[rank - 1]}.count();
  }

  const std::size_t total_;
  const Call& call_;
  const std::stop_token stop_;
  ProgressBar progress_;
  std::size_t started_{0};
  std::size_t finished_{0};
  std::vector<steady_clock::duration> latencies_;
  std::map<RpcCode, std::size_t> failures_;
  int status_{0};
};

int call_often(const Arguments& arguments, const Call& call, const Surroundings& in) {
  const auto begun = steady_clock::now();
  Burst burst{arguments, call, in.stop};
  in.io.run();
  burst.print(steady_clock::now() - begun);
  return burst.status();
}

std::string exit_statuses() {
  std::string text{
      "Exit status: 0 the reply came, 1 no connection to the broker, from 100 a wrong command line, 130 and 143 "
      "SIGINT\n"
      "and SIGTERM, which cancel the call (a second one does not wait for the broker), and"};
  for (auto status = 0; status < 256; ++status)
    if (const auto code = code_of_exit_status(status))
      text.append("\n  ").append(std::to_string(status)).append(" ").append(name_of(*code));
  return text;
}

CLI::Validator whole_number_to(std::uint64_t max) {
  return {[max](std::string& text) { return fault_of_whole_number(text, 1, max); }, ""};
}

/// Converts a time such as "500ms", "2s" or "1min" to milliseconds, or says what is wrong with it.
std::string take_time(std::string& text) {
  const std::map<std::string, std::uint64_t> units{{"ms", 1}, {"s", 1'000}, {"min", 60'000}};
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto unit = units.find(text.substr(digits));
  auto number = text.substr(0, digits);
  if (unit == units.end()
      || !fault_of_whole_number(number, 1, static_cast<std::uint64_t>(timeout_max.count()) / unit->second).empty())
    return "wants a time from 1ms to 49 days, such as 500ms, 2s or 1min, got '" + text + "'";
  text = std::to_string(std::stoull(number) * unit->second);
  return {};
}

/// All of standard input. If that is longer than a message may be, reads only enough that the call is refused.
std::string read_standard_input() {
  std::string all;
  std::array<char, 65'536> piece;
  while (all.size() <= pocketmq::protocol::Limits{}.body_max_bytes) {
    const auto bytes = ::read(STDIN_FILENO, piece.data(), piece.size());
    if (bytes == 0) break;
    if (bytes > 0)
      all.append(piece.data(), static_cast<std::size_t>(bytes));
    else if (errno != EINTR)
      throw std::system_error{errno, std::generic_category(), "cannot read standard input"};
  }
  return all;
}

void describe(CLI::App& app, Arguments& arguments) {
  app.description(
      "pocketmq-call URL QUEUE [JSON...]\n"
      "Calls the procedure that is served at QUEUE, with one JSON for each of its parameters, and prints the reply.");
  app.footer(exit_statuses());
  app.set_version_flag("--version", std::string{pocketmq::protocol::pocketmq_version});
  app.add_option("URL", arguments.urls, urls_help)->required();
  app.add_option("QUEUE", arguments.queue, "the queue of the procedure")->required();
  app.add_flag("--stdin", arguments.takes_standard_input, "send the bytes of standard input in place of JSON");
  app.add_flag(
      "--raw", arguments.is_raw,
      "print the reply's bytes as they are, on a terminal with control characters\nescaped; it need not be JSON");
  app.add_option("--name", arguments.name, "what the broker's log and trace call this program")
      ->default_str("pocketmq-call and its process number");
  app.add_flag("--idempotent", arguments.options.idempotent, "send it again when the connection was lost");
  app.add_option_function<std::int64_t>(
         "--timeout",
         [&](std::int64_t count) {
           arguments.options.timeout = milliseconds{count};
           if (arguments.options.timeout < connection_timeout_default)
             arguments.connection_timeout = arguments.options.timeout;
         },
         "how long each call may take, and connecting before that, say 500ms or 2s")
      ->transform(CLI::Validator{take_time, ""})
      ->type_name("TIME")
      ->default_str("30s");
  app.add_option("--repeat", arguments.repeat, "call so often, and print how long the calls took")
      ->transform(whole_number_to(calls_max))
      ->capture_default_str();
  app.add_option("--in-flight", arguments.in_flight, "with --repeat, so many calls at once")
      ->transform(whole_number_to(in_flight_max))
      ->capture_default_str();

  // CLI11 reads "[1,2]" as a list in its own notation. So the arguments are those that it does not parse.
  app.allow_extras();
  app.callback([&] {
    arguments.json = app.remaining();
    std::erase(arguments.json, "--");
    for (const auto& text : arguments.json)
      if (!json::accept(text))
        throw CLI::ValidationError{text, "is neither an option nor JSON; text needs its quotes: '\"text\"'"};
    if (arguments.takes_standard_input && !arguments.json.empty())
      throw CLI::ValidationError{"--stdin", "takes the place of the JSON arguments"};
  });
}

}  // namespace

int main(int argc, char** argv) try {
  Arguments arguments;
  CLI::App app;
  describe(app, arguments);
  CLI11_PARSE(app, argc, argv);

  RpcClient rpc{arguments.urls,
                {.connection = {.name = arguments.name, .connection_timeout = arguments.connection_timeout}}};
  Bytes input;
  if (arguments.takes_standard_input) input.data = read_standard_input();
  asio::io_context io;
  const StopSignals signals{SIGINT, SIGTERM};
  const Surroundings in{rpc, io, signals.token()};
  const auto call = call_of(arguments, input, in);
  const auto status = app.count("--repeat") == 0 ? call_once(arguments, call, io) : call_often(arguments, call, in);
  if (status == 0 && !std::cout) throw std::runtime_error{"cannot write to standard output"};
  return status != 0 && signals.received() != 0 ? signals.exit_status() : status;
} catch (const RpcError& error) {
  return report(error);
} catch (const std::exception& error) {
  say(error.what());
  return 1;
}
