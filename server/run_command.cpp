#include "server/run_command.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/exit_status.hpp"

namespace pocketmq::server {
namespace {

using client::RpcCode;
using client::RpcError;
using std::chrono::steady_clock;

constexpr std::size_t error_tail_bytes = 1'000;
constexpr std::size_t piece_bytes = 65'536;

[[noreturn]] void fail(const std::string& what, int error = errno) {
  throw RpcError{RpcCode::internal, what + ": " + std::generic_category().message(error)};
}

class File {
 public:
  File() = default;
  explicit File(int descriptor) : descriptor_{descriptor} {
    if (descriptor < 0) fail("no file descriptor");
  }
  File(File&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}
  File& operator=(File&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~File() { close(); }

  void close() {
    if (is_open()) ::close(std::exchange(descriptor_, -1));
  }
  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
  [[nodiscard]] int descriptor() const { return descriptor_; }
  void do_not_block() const { ::fcntl(descriptor_, F_SETFL, O_NONBLOCK); }

 private:
  int descriptor_{-1};
};

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("no pipe");
    read = File{ends[0]};
    write = File{ends[1]};
  }
  File read, write;
};

/// A child process, the first of a process group. Killed and reaped with this object.
class Child {
 public:
  Child(const std::vector<std::string>& command, const File& in, const File& out, const File& err) {
    ::posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_adddup2(&files, in.descriptor(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&files, out.descriptor(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&files, err.descriptor(), STDERR_FILENO);
    ::sigset_t ours;  // which would be ignored there as well
    ::sigemptyset(&ours);
    ::sigaddset(&ours, SIGPIPE);
    ::posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
    ::posix_spawnattr_setsigdefault(&attributes, &ours);

    std::vector<char*> words;
    for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));  // it does not change them
    words.push_back(nullptr);
    const auto error = ::posix_spawnp(&pid_, words[0], &files, &attributes, words.data(), environ);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&files);
    if (error != 0) fail("cannot run " + command[0], error);
    // glibc 2.36 declares its pidfd_open without extern "C".
    exit_ = File{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))};
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (is_reaped_) return;
    ::kill(-pid_, SIGKILL);
    reap();
  }

  /// May be read once it has exited.
  [[nodiscard]] const File& exit() const { return exit_; }
  /// Waits for its end; what waitpid says.
  int reap() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {}
    is_reaped_ = true;
    exit_.close();
    return status;
  }

 private:
  ::pid_t pid_{};
  File exit_;
  bool is_reaped_{false};
};

class Run {
 public:
  Run(const std::vector<std::string>& command, std::string_view input, const CommandBounds& bounds)
      : bounds_{bounds}, input_{input} {
    Pipe in, out, err;
    child_.emplace(command, in.read, out.write, err.write);
    in_ = std::move(in.write);
    out_ = std::move(out.read);
    err_ = std::move(err.read);
    for (const auto* file : {&in_, &out_, &err_}) file->do_not_block();
    if (input_.empty()) in_.close();
  }

  /// Returns the exit status, as waitpid says it.
  int to_its_end() {
    const std::stop_callback wake_up{bounds_.stop, [this] { ::eventfd_write(stopped_.descriptor(), 1); }};
    std::optional<int> status;
    while (!status || out_.is_open()) {
      // poll looks at no negative descriptors.
      std::array<::pollfd, 5> events{{{in_.descriptor(), POLLOUT, 0},
                                      {out_.descriptor(), POLLIN, 0},
                                      {err_.descriptor(), POLLIN, 0},
                                      {child_->exit().descriptor(), POLLIN, 0},
                                      {stopped_.descriptor(), POLLIN, 0}}};
      ::poll(events.data(), events.size(), time_left());
      if (bounds_.stop.stop_requested()) throw RpcError{RpcCode::cancelled, "its caller does not wait for it any more"};
      if (steady_clock::now() >= bounds_.deadline)
        throw RpcError{RpcCode::deadline_exceeded, "the command did not end in time"};
      if (events[0].revents != 0) write_input();
      if (events[1].revents != 0) read_output();
      if (events[2].revents != 0) read_errors();
      if (events[3].revents != 0) status = child_->reap();
    }
    while (err_.is_open() && read_errors()) {}  // what is there already
    return *status;
  }

  std::string output;
  std::string error_tail;

 private:
  // In milliseconds, rounded up; -1 for ever.
  [[nodiscard]] int time_left() const {
    if (bounds_.deadline == steady_clock::time_point::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(bounds_.deadline - steady_clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
  }

  void write_input() {
    const auto written = ::write(in_.descriptor(), input_.data(), std::min(input_.size(), piece_bytes));
    if (written < 0 && (errno == EAGAIN || errno == EINTR)) return;
    input_.remove_prefix(written < 0 ? input_.size() : static_cast<std::size_t>(written));  // it need not read all
    if (input_.empty()) in_.close();
  }

  void read_output() {
    output += read(out_);
    if (output.size() > bounds_.output_max_bytes)
      throw RpcError{RpcCode::resource_exhausted, "the reply is larger than a message may be"};
  }

  // Whether there was something.
  bool read_errors() {
    const auto text = read(err_);
    for (std::string_view left{text}; !left.empty();) {
      const auto written = ::write(STDERR_FILENO, left.data(), left.size());
      if (written <= 0) break;
      left.remove_prefix(static_cast<std::size_t>(written));
    }
    error_tail += text;
    if (error_tail.size() > error_tail_bytes) error_tail.erase(0, error_tail.size() - error_tail_bytes);
    return !text.empty();
  }

  static std::string read(File& from) {
    std::string piece(piece_bytes, '\0');
    const auto bytes = ::read(from.descriptor(), piece.data(), piece.size());
    if (bytes == 0 || (bytes < 0 && errno != EAGAIN && errno != EINTR)) from.close();
    piece.resize(static_cast<std::size_t>(std::max<::ssize_t>(bytes, 0)));
    return piece;
  }

  const CommandBounds& bounds_;
  std::string_view input_;  // not yet written
  const File stopped_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::optional<Child> child_;
  File in_, out_, err_;
};

std::string trimmed(std::string text) {
  const auto last = text.find_last_not_of(" \t\r\n");
  text.resize(last == text.npos ? 0 : last + 1);
  return text;
}

}  // namespace

std::string run_command(const std::vector<std::string>& command, std::string_view input, const CommandBounds& bounds) {
  Run run{command, input, bounds};
  const auto status = run.to_its_end();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::move(run.output);
  const auto end = WIFEXITED(status) ? "exited with " + std::to_string(WEXITSTATUS(status))
                                     : "was killed by signal " + std::to_string(WTERMSIG(status));
  const auto said = trimmed(std::move(run.error_tail));
  const auto code = WIFEXITED(status) ? client::code_of_exit_status(WEXITSTATUS(status)) : std::nullopt;
  throw RpcError{code.value_or(RpcCode::internal), said.empty() ? "the command " + end : said + " (" + end + ")"};
}

}  // namespace pocketmq::server
