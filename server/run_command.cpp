#include "server/run_command.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/exit_status.hpp"
#include "protocol/base/printable.hpp"
#include "server/command_process.hpp"

namespace pocketmq::server {
namespace {

using client::RpcCode;
using client::RpcError;
using std::chrono::steady_clock;

constexpr std::size_t error_tail_bytes = 1'000;
constexpr std::size_t piece_bytes = 65'536;
constexpr std::size_t error_line_max_bytes = 4'096;

class Run {
 public:
  Run(const std::vector<std::string>& command, std::string_view input, const CommandBounds& bounds,
      protocol::LineSink& errors)
      : bounds_{bounds}, errors_{errors}, input_{input}, process_{command} {
    if (input_.empty()) process_.in.close();
  }

  /// Returns the status as waitpid reports it.
  int to_its_end() {
    const std::stop_callback wake_up{bounds_.stop, [this] { ::eventfd_write(stopped_.descriptor(), 1); }};
    for (;;) {
      // poll ignores negative descriptors.
      std::array<::pollfd, 5> events{{{process_.in.descriptor(), POLLOUT, 0},
                                      {process_.out.descriptor(), POLLIN, 0},
                                      {process_.err.descriptor(), POLLIN, 0},
                                      {process_.news().descriptor(), POLLIN, 0},
                                      {stopped_.descriptor(), POLLIN, 0}}};
      ::poll(events.data(), events.size(), time_left());
      if (bounds_.stop.stop_requested()) throw RpcError{RpcCode::cancelled, "its caller does not wait for it any more"};
      if (steady_clock::now() >= bounds_.deadline)
        throw RpcError{RpcCode::deadline_exceeded, "the command did not end in time"};
      if (events[0].revents != 0) write_input();
      if (events[1].revents != 0) read_output();
      if (events[2].revents != 0) read_errors();
      if (events[3].revents == 0) continue;
      if (const auto status = process_.status()) {
        while (process_.out.is_open() && read_output()) {}
        while (process_.err.is_open() && read_errors()) {}
        if (!error_line_.empty()) show_errors(error_line_ + '\n');
        return *status;
      }
    }
  }

  std::string output;
  std::string error_tail;

 private:
  // In milliseconds, rounded up; -1: no limit.
  [[nodiscard]] int time_left() const {
    if (bounds_.deadline == steady_clock::time_point::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(bounds_.deadline - steady_clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
  }

  void write_input() {
    auto& in = process_.in;
    const auto written = ::write(in.descriptor(), input_.data(), std::min(input_.size(), piece_bytes));
    if (written < 0 && (errno == EAGAIN || errno == EINTR)) return;
    input_.remove_prefix(written < 0 ? input_.size()
                                     : static_cast<std::size_t>(written));  // a command need not read all of it
    if (input_.empty()) in.close();
  }

  // False if there was nothing to read.
  bool read_output() {
    const auto piece = read(process_.out);
    output += piece;
    if (output.size() > bounds_.output_max_bytes)
      throw RpcError{RpcCode::resource_exhausted, "the reply is larger than a message may be"};
    return !piece.empty();
  }

  // False if there was nothing to read. Only whole lines are passed on, because other commands write there as well.
  bool read_errors() {
    const auto piece = read(process_.err);
    error_tail += piece;
    if (error_tail.size() > error_tail_bytes) error_tail.erase(0, error_tail.size() - error_tail_bytes);
    error_line_ += piece;
    const auto last_end = error_line_.rfind('\n');
    const auto shown = error_line_.size() > error_line_max_bytes ? error_line_.size() : last_end + 1;
    show_errors(std::string_view{error_line_}.substr(0, shown));
    error_line_.erase(0, shown);
    return !piece.empty();
  }

  // Lines that nobody reads are dropped: they must delay neither the command nor its bounds.
  void show_errors(std::string_view text) {
    if (!text.empty()) (void)errors_.write(protocol::printable(text, protocol::LineEnds::kept));
  }

  static std::string read(File& from) {
    std::string piece(piece_bytes, '\0');
    const auto bytes = ::read(from.descriptor(), piece.data(), piece.size());
    if (bytes == 0 || (bytes < 0 && errno != EAGAIN && errno != EINTR)) from.close();
    piece.resize(static_cast<std::size_t>(std::max<::ssize_t>(bytes, 0)));
    return piece;
  }

  const CommandBounds& bounds_;
  protocol::LineSink& errors_;
  std::string_view input_;  // not yet written
  const File stopped_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  CommandProcess process_;
  std::string error_line_;  // of the command's standard error, as far as it has come
};

std::string trimmed(std::string text) {
  const auto last = text.find_last_not_of(" \t\r\n");
  text.resize(last == text.npos ? 0 : last + 1);
  return text;
}

}  // namespace

std::string run_command(const std::vector<std::string>& command, std::string_view input, const CommandBounds& bounds,
                        protocol::LineSink& errors) {
  Run run{command, input, bounds, errors};
  const auto status = run.to_its_end();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::move(run.output);
  const auto end = WIFEXITED(status) ? "exited with " + std::to_string(WEXITSTATUS(status))
                                     : "was killed by signal " + std::to_string(WTERMSIG(status));
  const auto said = trimmed(std::move(run.error_tail));
  const auto code = WIFEXITED(status) ? client::code_of_exit_status(WEXITSTATUS(status)) : std::nullopt;
  throw RpcError{code.value_or(RpcCode::internal), said.empty() ? "the command " + end : said + " (" + end + ")"};
}

}  // namespace pocketmq::server
