// Whether those are still there for whom a daemon runs: the process that started it, and who holds its standard input.
#pragma once

#include <functional>
#include <string_view>

#include <sys/types.h>

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>

namespace pocketmq::broker {

/// Belongs to the thread that runs the io_context. What it waits for keeps no io_context running after `stop`.
class ExitWatch {
 public:
  /// `gone` is told who has gone; it may be called more than once.
  ExitWatch(asio::io_context& context, std::function<void(std::string_view who)> gone);

  /// Watches the process that was this one's parent when `parent` was asked for, as early as possible, with getppid().
  /// A parent that has gone since then is noticed too.
  void watch_parent(pid_t parent);
  /// Watches who writes to standard input, a pipe, a socket or a terminal, without reading from it. A file, or
  /// /dev/null, is at its end from the beginning.
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
