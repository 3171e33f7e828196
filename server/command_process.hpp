// A program that runs for a request, in a process of its own. It ends together with all processes that it started.
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
  /// Negative if it is closed; poll ignores negative descriptors.
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_{-1};
};

/// A command leads a process group. Between the command and this process there is a guard: a process that waits for the
/// end of the command, of this object, or of this whole process, even if that crashes. Whichever ends first, the guard
/// then kills the group and all other descendants of the command. It also finds processes that left the group, for
/// example with setsid, because orphans become the guard's children. Only processes of another user survive, since the
/// system protects them. If the guard itself is killed, the command and its group are killed too, but processes that
/// left the group run on.
///
/// The command inherits its standard input, output and error from this object, and no other open file.
class CommandProcess {
 public:
  /// Throws RpcError if there is no room for more files or processes. From any thread.
  explicit CommandProcess(const std::vector<std::string>& command);
  CommandProcess(const CommandProcess&) = delete;
  CommandProcess& operator=(const CommandProcess&) = delete;
  /// Returns when neither the command nor anything it started runs any more.
  ~CommandProcess();

  /// The other ends of the command's standard input, output and error. They do not block.
  File in, out, err;

  /// Readable when `status` has something to take; each call of `status` takes one message of the guard.
  [[nodiscard]] const File& news() const { return guard_; }
  /// The command's status as waitpid reports it, when neither the command nor anything it started runs any more;
  /// nullopt before that. All that the command wrote can then be read without waiting. Throws RpcError if the command
  /// cannot be run.
  [[nodiscard]] std::optional<int> status();

 private:
  // Whether the guard ended by itself, so that nothing of the command is left.
  [[nodiscard]] bool await_guard() const;

  const std::string name_;
  File guard_;  // a socket; when this end is closed, the guard kills
  ::pid_t guard_pid_{-1};
  std::optional<::pid_t> group_;  // the command's, once it is known
};

}  // namespace pocketmq::server
