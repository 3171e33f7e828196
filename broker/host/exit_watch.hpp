// Notices when a daemon is not needed any more: when the process that started it has ended, or when its standard input
// is closed at the other end.
#pragma once

#include <functional>
#include <string_view>

#include <sys/types.h>

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>

namespace pocketmq::broker {

/// Belongs to the thread that runs the io_context. After `stop` it does not keep the io_context running.
class ExitWatch {
 public:
  /// `gone` is called with the name of what has ended, possibly more than once.
  ExitWatch(asio::io_context& context, std::function<void(std::string_view who)> gone);

  /// Watches the parent process. Get `parent` with getppid() as early as possible: a parent that has ended since then
  /// is noticed too.
  void watch_parent(pid_t parent);
  /// Watches the writing end of standard input, which may be a pipe, a socket or a terminal. Nothing is read from it. A
  /// file and /dev/null count as closed from the start.
  void watch_standard_input();

  void stop();

 private:
  using Descriptor = asio::posix::basic_stream_descriptor<asio::io_context::executor_type>;

  void wait_for(Descriptor& descriptor, std::string_view who);

  std::function<void(std::string_view)> gone_;
  asio::io_context& context_;
  Descriptor parent_;
  Descriptor input_;
};

}  // namespace pocketmq::broker
