// A program that runs for a request, in a process of its own, and the end of it and of all that it started.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace pocketmq::server {

/// An open file, closed with this object.
class File {
 public:
  File() = default;
  /// Throws RpcError if `descriptor` is negative, with errno's text.
  explicit File(int descriptor);
  File(File&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}
  File& operator=(File&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~File() { close(); }

  void close();
  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
  /// Negative if it is closed, which poll passes over.
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_{-1};
};

/// A command leads a process group. Between it and this process there is a guard, a process which waits for the
/// command's end and for the end of this object or of this whole process, however that ends. At the first of them the
/// guard kills the group and whatever else came from the command. What left the group, with setsid say, is found too:
/// processes whose parent has gone become the guard's children. The system protects only what runs as another user. If
/// the guard is killed, the command and its group are, and what left the group runs on.
///
/// The command inherits its standard input, output and error from here, and no other open file.
class CommandProcess {
 public:
  /// Throws RpcError if there is no room for more files or processes. From any thread.
  explicit CommandProcess(const std::vector<std::string>& command);
  CommandProcess(const CommandProcess&) = delete;
  CommandProcess& operator=(const CommandProcess&) = delete;
  /// Returns when nothing of it runs any more.
  ~CommandProcess();

  /// The other ends of the command's standard input, output and error. They do not block.
  File in, out, err;

  /// Can be read when there is something for `status`, which takes one piece of news a time.
  [[nodiscard]] const File& news() const { return guard_; }
  /// How the command ended, as waitpid says it, once nothing of it runs any more: then all that was written can be read
  /// at once. Nothing before that. Throws RpcError if it cannot be run.
  [[nodiscard]] std::optional<int> status();

 private:
  // Whether it ended by itself, with nothing of the command left.
  [[nodiscard]] bool await_guard() const;

  const std::string name_;
  File guard_;  // a socket; the guard acts when this end says no more
  ::pid_t guard_pid_{-1};
  std::optional<::pid_t> group_;  // the command's, once it is known
};

}  // namespace pocketmq::server
