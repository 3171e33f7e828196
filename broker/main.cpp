// pocketmq-broker: the broker as a program.

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <new>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <asio/signal_set.hpp>

#include "broker/control/testbed.hpp"
#include "broker/core/heap_trim.hpp"
#include "broker/definitions/definitions.hpp"
#include "broker/host/exit_watch.hpp"
#include "broker/host/listener.hpp"
#include "broker/host/port_file.hpp"
#include "broker/http/broker_routes.hpp"
#include "broker/http/http_server.hpp"
#include "broker/journal/event_log.hpp"
#include "broker/journal/recording.hpp"
#include "broker/journal/trace_log.hpp"
#include "broker/kit/kit_routes.hpp"
#include "protocol/base/printable.hpp"
#include "protocol/base/version.hpp"
#include "protocol/base/whole_number.hpp"
#include "protocol/end/loop_clock.hpp"
#include "protocol/io/line_writer.hpp"
#include "protocol/vocabulary/wire_types.hpp"

namespace {

using namespace pocketmq;

constexpr std::chrono::seconds grace{1};
constexpr std::uint64_t message_size_ceiling = 536'870'912;  // RabbitMQ's

constexpr std::size_t startup_events_max_bytes = 64 << 20;
constexpr std::size_t test_journal_bytes = 64 << 20;

struct Arguments {
  std::uint16_t port{5672};
  std::vector<std::string> bind{"localhost"};  // empty for all addresses
  std::string port_file{};
  std::string log_level{"info"};
  std::string log_format{};  // "text" or "json"; empty to use the trace's
  std::string trace{};       // "text" or "json"; empty for none
  std::string record{};      // a file's name; empty for none
  bool exits_with_parent{false};
  bool exits_on_stdin_close{false};
  bool is_container{false};
  bool http{false};
  std::optional<std::uint16_t> http_port{};
  broker::http::HostNames http_hosts{};
  std::optional<std::size_t> journal_bytes{};
  bool test{false};
  bool test_from_anywhere{false};
  std::string definitions{};
  std::vector<std::string> users{};  // NAME:PASSWORD
  broker::Options options{};
};

// Opens standard descriptors that are closed. Otherwise the first socket would get such a number, and its client would
// receive what is written to standard error.
void open_standard_descriptors() {
  for (int opened = 0; opened >= 0 && opened <= STDERR_FILENO;) {
    opened = ::open("/dev/null", O_RDWR);
    if (opened > STDERR_FILENO) ::close(opened);
  }
}

// Raises the limit of open files, because each connection needs one and the usual limit is far below the allowed one.
void allow_open_files() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == files.rlim_max) return;
  files.rlim_cur = files.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &files);
}

std::string read_file(const std::string& path) {
  std::ifstream file{path};
  if (!file || std::filesystem::is_directory(path))
    throw std::runtime_error{"cannot read " + path + "; name a file that is there and may be read"};
  return {std::istreambuf_iterator<char>{file}, {}};
}

bool answers_http(const Arguments& arguments) { return arguments.http || arguments.test; }

// By default the journal keeps events if HTTP shows them, and more of them for tests.
std::size_t journal_bytes_of(const Arguments& arguments) {
  const bool is_shown = answers_http(arguments) || arguments.http_port;
  const auto fallback = arguments.test ? test_journal_bytes : is_shown ? broker::Journal::ring_default_bytes : 0;
  return arguments.journal_bytes.value_or(fallback);
}

broker::Options options_of(const Arguments& arguments) {
  auto options = arguments.options;
  options.begins_at = protocol::LoopClock::of_system().wall_now();
  options.journal_bytes = journal_bytes_of(arguments);
  if (arguments.test) options.login_failures_max = 0;  // applications under test fail often
  for (const auto& user : arguments.users) {
    const auto colon = user.find(':');
    const auto name = user.substr(0, colon);
    if (std::ranges::find(options.users, name, &broker::Options::Account::name) != options.users.end())
      throw std::runtime_error{"--user names '" + name + "' twice; a user has one password"};
    options.users.push_back({.name = name, .password = user.substr(colon + 1)});
  }
  if (!arguments.definitions.empty()) {
    options.definitions = read_file(arguments.definitions);
    if (options.definitions.find_first_not_of(" \t\r\n") == options.definitions.npos)
      throw std::runtime_error{arguments.definitions + " is empty; name a file that RabbitMQ exported, or leave "
                               "--definitions out"};
  }
  // The recording begins with what the broker has from the start.
  if (!arguments.record.empty() && options.journal_bytes == 0) options.journal_bytes = startup_events_max_bytes;
  return options;
}

// For options whose value must not be empty.
const CLI::Validator is_given{[](const std::string& text) { return std::string{text.empty() ? "is empty" : ""}; }, ""};

std::string fault_of_size(std::size_t bytes_of_name) {
  constexpr auto max = protocol::ShortString::max_size_bytes;
  if (bytes_of_name <= max) return "";
  return "a name has at most " + std::to_string(max) + " bytes; this one has " + std::to_string(bytes_of_name);
}

// Our own check, because CLI11's error only says that it cannot convert the text, and because it reads 010 as 8.
CLI::Validator whole_number_from(std::uint64_t min, std::uint64_t max) {
  return {[=](std::string& text) { return protocol::fault_of_whole_number(text, min, max); }, ""};
}

// Two fifths of the machine's memory, as RabbitMQ.
std::size_t default_memory_max() {
  const auto bytes =
      static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGE_SIZE));
  return bytes / 5 * 2;
}

// Accepts "65536" and "64MB", and replaces the text with the number of bytes.
CLI::Validator bytes_from(std::uint64_t min, std::uint64_t max) {
  return {[=](std::string& text) -> std::string {
            const auto given = text;
            const bool begins_with_digit = !text.empty() && text[0] >= '0' && text[0] <= '9';
            // CLI11 would read the number as octal. A lone 0 stays.
            text.erase(0, std::min(text.find_first_not_of('0'), text.size() - 1));
            try {
              const bool is_size = begins_with_digit && CLI::AsSizeValue{false}(text).empty();
              if (is_size && protocol::fault_of_whole_number(text, min, max).empty()) return "";
            } catch (const CLI::ValidationError&) {  // its text describes the conversion only
            }
            return "wants bytes, from " + std::to_string(min) + " to " + std::to_string(max)
                   + ", such as 65536 or 64MB, got '" + given + "'";
          },
          ""};
}

void add_limits(CLI::App& app, broker::Options& options) {
  const auto limit = [&](const char* flag, auto& value, const char* what) {
    return app.add_option(flag, value, what)->capture_default_str()->group("Limits");
  };
  constexpr std::uint64_t any = std::numeric_limits<std::int64_t>::max();
  limit("--connection-max", options.connection_max, "open connections")->transform(whole_number_from(1, any));
  limit("--channel-max", options.channel_max, "open channels of a connection")->transform(whole_number_from(1, 65'535));
  limit("--queue-max", options.queue_max, "queues, in all virtual hosts")->transform(whole_number_from(1, any));
  limit("--exchange-max", options.exchange_max, "exchanges, beside those that are there from the start")
      ->transform(whole_number_from(1, any));
  limit("--consumer-max", options.consumer_max, "consumers")->transform(whole_number_from(1, any));
  limit("--binding-max", options.binding_max, "bindings")->transform(whole_number_from(1, any));
  limit("--argument-bytes-max", options.argument_bytes_max,
        "bytes of arguments that queues, exchanges and bindings keep, all together")
      ->transform(bytes_from(1, any));
  limit("--message-size-max", options.limits.body_max_bytes, "bytes of a message's body; '16MB' is understood")
      ->transform(bytes_from(1, message_size_ceiling));
  options.memory_max_bytes = default_memory_max();
  limit("--memory-max", options.memory_max_bytes,
        "bytes that the broker may hold for its clients; from there on, publishers wait")
      ->transform(bytes_from(1, any));
  limit("--login-failures-max", options.login_failures_max,
        "log-ins from one address that may fail in ten seconds; then each one takes a second; 0 for any number")
      ->transform(whole_number_from(0, 1'000'000));
}

// Begins as RabbitMQ's image does: reachable from outside, and with the user, the virtual host and the port of its
// environment variables. What the command line says takes precedence.
void begin_as_container(Arguments& arguments, const CLI::App& command_line) {
  const auto variable = [](const char* name) {
    const char* text = std::getenv(name);
    return std::string{text != nullptr ? text : ""};
  };
  auto& options = arguments.options;
  if (command_line.count("--bind") == 0) arguments.bind.clear();
  auto port = variable("RABBITMQ_NODE_PORT");
  if (!port.empty() && command_line.count("--port") == 0) {
    if (const auto fault = protocol::fault_of_whole_number(port, 1, 65'535); !fault.empty())
      throw std::runtime_error{"RABBITMQ_NODE_PORT " + fault};
    arguments.port = static_cast<std::uint16_t>(std::stoul(port));
  }
  if (!arguments.http && !arguments.http_port) arguments.http_port = 15672;

  const auto user = variable("RABBITMQ_DEFAULT_USER"), password = variable("RABBITMQ_DEFAULT_PASS");
  // With a user of its own, RabbitMQ's image has no guest.
  if (user.empty() || user == "guest") options.guest_from_anywhere = true;
  if (!user.empty() || !password.empty())
    options.users.push_back({.name = user.empty() ? "guest" : user, .password = password.empty() ? "guest" : password});
  const auto vhost = variable("RABBITMQ_DEFAULT_VHOST");
  auto& vhosts = options.virtual_hosts;
  if (!vhost.empty() && vhost != "/" && std::ranges::find(vhosts, vhost) == vhosts.end()) vhosts.push_back(vhost);
}

broker::LogLevel log_level_of(const Arguments& arguments) {
  if (arguments.log_level == "error") return broker::LogLevel::error;
  if (arguments.log_level == "warning") return broker::LogLevel::warning;
  if (arguments.log_level == "info") return broker::LogLevel::info;
  return broker::LogLevel::debug;
}

broker::LogFormat log_format_of(const Arguments& arguments) {
  if (arguments.trace == "json" && arguments.log_format == "text")
    throw std::runtime_error{"--trace=json and --log-format text ask for two formats; log and trace have the same one"};
  const bool is_json = arguments.trace == "json" || arguments.log_format == "json";
  return is_json ? broker::LogFormat::json : broker::LogFormat::text;
}

std::vector<broker::ListenAddress> addresses_of(const Arguments& arguments, std::uint16_t port) {
  std::vector<broker::ListenAddress> addresses;
  if (arguments.bind.empty()) {
    addresses.push_back({.endpoint = {asio::ip::address_v4::any(), port}});
    addresses.push_back({.endpoint = {asio::ip::address_v6::any(), port}, .is_optional = true});
  }
  for (const auto& host : arguments.bind) {
    try {
      for (const auto& address : broker::listen_addresses(host, port))
        if (std::ranges::find(addresses, address.endpoint, &broker::ListenAddress::endpoint) == addresses.end())
          addresses.push_back(address);
    } catch (const std::runtime_error& error) {
      throw std::runtime_error{"--bind: " + std::string{error.what()}};
    }
  }
  return addresses;
}

// The broker is never destroyed: the system frees a process's memory at once, but destroying a million queues takes
// seconds. A leak checker still finds memory that the broker has lost, because the broker is in static memory.
broker::Broker& make_broker(const Arguments& arguments, broker::Observer* trace, broker::EventLog& log) {
  alignas(broker::Broker) static std::array<std::byte, sizeof(broker::Broker)> room;
  try {
    auto& broker = *new (room.data()) broker::Broker{options_of(arguments), trace, &log};
    for (const auto& warning : broker.warnings())
      log.say(broker::LogLevel::warning, arguments.definitions + ": " + warning);
    return broker;
  } catch (const broker::DefinitionsError& error) {
    throw std::runtime_error{arguments.definitions + ": " + error.what()};
  }
}

void listen(std::optional<broker::Listener>& listener, asio::io_context& context, broker::Broker& broker,
            const Arguments& arguments) {
  try {
    listener.emplace(context, broker, addresses_of(arguments, arguments.port));
  } catch (const std::system_error& error) {
    throw std::runtime_error{"cannot listen on " + std::string{error.what()}
                             + "; choose another --port (0 takes a free one) or --bind"};
  }
}

void answer_http(broker::Listener& listener, broker::http::HttpServer& server, const Arguments& arguments) {
  if (answers_http(arguments)) listener.answer_http_with(server);
  if (!arguments.http_port) return;
  try {
    listener.answer_http_with(server, addresses_of(arguments, *arguments.http_port));
  } catch (const std::system_error& error) {
    throw std::runtime_error{"cannot listen for HTTP on " + std::string{error.what()}
                             + "; choose another --http-port (0 takes a free one) or --bind"};
  }
}

// The test kit below /test.
void serve_kit(broker::http::HttpServer& server, broker::Testbed& testbed, const broker::Listener& listener,
               const Arguments& arguments) {
  const auto is_elsewhere = [](const asio::ip::tcp::endpoint& address) { return !address.address().is_loopback(); };
  const auto addresses = listener.addresses();
  const auto http_addresses = listener.http_addresses();
  if (!arguments.test_from_anywhere
      && (std::ranges::any_of(addresses, is_elsewhere) || std::ranges::any_of(http_addresses, is_elsewhere)))
    throw std::runtime_error{
        "--test lets everybody who reaches the port do everything, and --bind lets other machines "
        "reach it; leave --bind out, or add --test-from-anywhere"};
  broker::http::serve_kit(server.router(), testbed,
                          {.callers = arguments.test_from_anywhere ? broker::http::KitCallers::anywhere
                                                                   : broker::http::KitCallers::on_this_machine,
                           .http_port = http_addresses.empty() ? std::uint16_t{0} : http_addresses.front().port(),
                           .amqp_host_and_port = broker::describe(addresses.front())});
}

// "127.0.0.1:5672 and [::1]:5672"
std::string text_of(const std::vector<asio::ip::tcp::endpoint>& addresses) {
  std::string text;
  for (const auto& address : addresses) text += (text.empty() ? "" : " and ") + broker::describe(address);
  return text;
}

// The journal in a file. If the disk is so slow that this many bytes wait, events are left out, and the file says so.
class RecordingFile {
 public:
  RecordingFile(const std::string& path, broker::Journal& journal) : RecordingFile{open_for_writing(path), journal} {}

 private:
  static constexpr std::size_t waiting_max_bytes = 64 << 20;

  RecordingFile(int file, broker::Journal& journal) : writer_{file, waiting_max_bytes}, recording_{journal, writer_} {
    ::close(file);  // the writer has a descriptor of its own
  }

  static int open_for_writing(const std::string& path) {
    // Without O_NONBLOCK, a FIFO would be opened only when somebody reads it.
    const auto file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0644);
    if (file < 0)
      throw std::runtime_error{"--record: cannot write " + path + ": " + std::generic_category().message(errno)
                               + (errno == ENXIO ? "; start the reader of the FIFO first"
                                                 : "; name a file in a folder that is there and may be written")};
    ::fcntl(file, F_SETFL, ::fcntl(file, F_GETFL) & ~O_NONBLOCK);
    return file;
  }

  protocol::LineWriter writer_;
  broker::Recording recording_;
};

int run(const Arguments& arguments, pid_t parent) {
  protocol::LineWriter standard_error{STDERR_FILENO};
  broker::LogLines lines{standard_error, log_format_of(arguments),
                         [] { return protocol::LoopClock::of_system().wall_now(); }};
  broker::EventLog log{lines, log_level_of(arguments)};
  broker::TraceLog trace{lines};
  asio::io_context context{ASIO_CONCURRENCY_HINT_UNSAFE};  // only this thread runs it
  auto& broker = make_broker(arguments, arguments.trace.empty() ? nullptr : &trace, log);
  if (!arguments.trace.empty()) trace.follow(broker.journal());
  std::optional<RecordingFile> recording;
  if (!arguments.record.empty()) recording.emplace(arguments.record, broker.journal());
  if (journal_bytes_of(arguments) == 0) broker.journal().keep_last(0);  // a recording has taken the first events
  broker::http::HttpServer http_server{broker.context(), arguments.http_hosts};
  broker::http::serve_broker(http_server.router(), broker);
  std::optional<broker::Listener> listener;
  listen(listener, context, broker, arguments);
  answer_http(*listener, http_server, arguments);
  std::optional<broker::Testbed> testbed;
  if (arguments.test) serve_kit(http_server, testbed.emplace(broker), *listener, arguments);

  asio::signal_set signals{context, SIGINT, SIGTERM};
  std::optional<broker::ExitWatch> watch;
  auto end = [&, is_ending = false](std::string_view why) mutable {
    if (std::exchange(is_ending, true)) return;
    log.say(broker::LogLevel::info,
            "ends: " + std::string{why} + "; " + std::to_string(broker.connection_count()) + " connections are closed");
    listener->stop("the broker is shutting down", grace);
    watch->stop();
    signals.cancel();
  };
  watch.emplace(context, [&end](std::string_view who) { end(std::string{who} + " has gone"); });
  signals.async_wait([&end](std::error_code cancelled, int number) {
    if (!cancelled) end(number == SIGINT ? "SIGINT came" : "SIGTERM came");
  });
  if (arguments.exits_with_parent) watch->watch_parent(parent);
  if (arguments.exits_on_stdin_close) watch->watch_standard_input();

  const auto address = listener->address();
  if (!arguments.port_file.empty()) broker::write_port_file(arguments.port_file, address.port());
  log.say(broker::LogLevel::info, "PocketMQ " + std::string{protocol::pocketmq_version} + " listens on "
                                      + text_of(listener->addresses())
                                      + (answers_http(arguments) ? ", for HTTP too" : ""));
  if (arguments.http_port)
    log.say(broker::LogLevel::info, "listens for HTTP on " + text_of(listener->http_addresses()));
  std::cout << "ready on " << address << std::endl;
  if (arguments.is_container) std::cout << "Server startup complete; 0 plugins started." << std::endl;
  context.run();
  log.say(broker::LogLevel::info, "has ended");
  return 0;
}

}  // namespace

// NOLINTNEXTLINE(bugprone-exception-escape): what CLI11 throws before the parse is a fault in these lines
int main(int argc, char** argv) {
  const auto parent = ::getppid();
  open_standard_descriptors();
  allow_open_files();
  std::signal(SIGPIPE, SIG_IGN);  // the reader of the log may close it
  Arguments arguments;
  CLI::App app{"PocketMQ: a message broker that fits in a test process. Speaks AMQP 0-9-1 and JSON on one port."};
  app.set_version_flag("--version", std::string{protocol::pocketmq_version});
  app.add_option("--port", arguments.port, "TCP port, 0 for a free one")
      ->transform(whole_number_from(0, 65'535))
      ->capture_default_str();
  app.add_option("--bind", arguments.bind,
                 "addresses or names to listen on; localhost is 127.0.0.1, and ::1 where there is one")
      ->type_name("HOST[,HOST...]")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->default_str("localhost");
  app.add_flag("--http", arguments.http,
               "answer HTTP on the same port; without it HTTP gets the answer of RabbitMQ's port");
  app.add_option("--http-port", arguments.http_port, "TCP port for HTTP alone, 0 for a free one; 15672 by convention")
      ->type_name("PORT")
      ->transform(whole_number_from(0, 65'535));
  app.add_option("--http-host", arguments.http_hosts,
                 "a name, beside localhost and addresses, under which web browsers may reach the broker")
      ->type_name("NAME")
      ->allow_extra_args(false)
      ->check(is_given);
  app.add_flag("--test", arguments.test,
               "serve the test kit below /test, on the same port as HTTP; only on addresses of this machine");
  app.add_flag("--test-from-anywhere", arguments.test_from_anywhere,
               "with --test: let other machines do all that a test may do")
      ->needs("--test");
  app.add_option("--seed", arguments.options.seed,
                 "for tests: create the same names in each run, and make the same random choices")
      ->type_name("NUMBER")
      ->transform(whole_number_from(0, std::numeric_limits<std::int64_t>::max()));
  app.add_option("--journal-bytes", arguments.journal_bytes,
                 "bytes of the last events that are kept for GET /journal, 0 for none; with HTTP 4MB by default, and "
                 "with --test 64MB")
      ->type_name("BYTES")
      ->transform(bytes_from(0, std::numeric_limits<std::int64_t>::max()));
  app.add_option("--port-file", arguments.port_file, "write the port to this file, FIFO or device once it is open")
      ->type_name("FILE")
      ->check(is_given);
  app.add_option("--log-level", arguments.log_level, "how much to write to standard error")
      ->capture_default_str()
      ->check(CLI::IsMember{{"error", "warning", "info", "debug"}});
  app.add_option("--log-format", arguments.log_format, "of the log and the trace")
      ->default_str("text")
      ->check(CLI::IsMember{{"text", "json"}});
  app.add_option("--trace", arguments.trace, "write each command to the log, as text (the default) or json")
      ->expected(0, 1)
      ->default_str("text")
      ->check(CLI::IsMember{{"text", "json"}});
  app.add_option("--record", arguments.record,
                 "write the journal, all that happens in the broker, to this file: a JSON object a line")
      ->type_name("FILE")
      ->check(is_given);
  app.add_flag("--exit-with-parent", arguments.exits_with_parent, "end when the process that started this one ends");
  app.add_flag("--exit-on-stdin-close", arguments.exits_on_stdin_close,
               "end when standard input is closed at its other end; nothing is read from it");
  app.add_option_function<std::uint32_t>(
         "--consumer-timeout",
         [&](std::uint32_t seconds) { arguments.options.consumer_timeout = std::chrono::seconds{seconds}; },
         "seconds a delivery may stay unacked before its channel is closed, 0 for ever")
      ->transform(whole_number_from(0, std::numeric_limits<std::uint32_t>::max()))
      ->default_str("1800");
  app.add_option_function<std::uint32_t>(
         "--clock-offset",
         [&](std::uint32_t seconds) { arguments.options.clock_offset = std::chrono::seconds{seconds}; },
         "for tests: seconds that the clock of TTLs and ack timeouts is ahead of the system's")
      ->transform(whole_number_from(0, std::numeric_limits<std::uint32_t>::max()))
      ->default_str("0");
  app.add_flag("--clock-frozen", arguments.options.clock_is_frozen, "for tests: that clock stands still");
  app.add_option("--definitions", arguments.definitions,
                 "load users, permissions, queues, ... from a file that RabbitMQ exported, in its JSON format")
      ->type_name("FILE")
      ->check(is_given);
  app.add_option("--user", arguments.users,
                 "let this user log in, who may do everything; one of the definitions keeps the permissions")
      ->type_name("NAME:PASSWORD")
      ->allow_extra_args(false)
      ->check([](const std::string& user) {
        const auto colon = user.find(':');
        return colon == user.npos ? "no colon in " + user : colon == 0 ? "no name in " + user : fault_of_size(colon);
      });
  app.add_option("--vhost", arguments.options.virtual_hosts, "have this virtual host beside /")
      ->type_name("NAME")
      ->allow_extra_args(false)
      ->check(is_given)
      ->check([](const std::string& name) { return fault_of_size(name.size()); });
  app.add_flag("--container", arguments.is_container,
               "begin as RabbitMQ's image does: listen everywhere, and take its environment variables");
  app.add_flag("--remote-guest", arguments.options.guest_from_anywhere,
               "let guest log in from other machines, as from this one");
  app.add_option("--product", arguments.options.product, "product name that AMQP clients are told")
      ->capture_default_str();
  add_limits(app, arguments.options);
  CLI11_PARSE(app, argc, argv);

  broker::HeapTrim::configure_allocator();
  try {
    if (arguments.is_container) begin_as_container(arguments, app);
    return run(arguments, parent);
  } catch (const std::exception& error) {
    std::cerr << "pocketmq-broker: " << protocol::printable(error.what()) << '\n';
    return 1;
  }
}
