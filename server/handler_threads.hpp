// Threads for handlers. They are started as they are needed, so that a handler that blocks does not hold up others.
#pragma once

#include <cstddef>
#include <thread>
#include <vector>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

namespace pocketmq::server {

class HandlerThreads {
 public:
  /// Never more than `threads_max`.
  explicit HandlerThreads(std::size_t threads_max) : threads_max_{threads_max} {}
  HandlerThreads(const HandlerThreads&) = delete;
  HandlerThreads& operator=(const HandlerThreads&) = delete;
  ~HandlerThreads() { join(); }

  [[nodiscard]] asio::io_context::executor_type executor() { return context_.get_executor(); }
  /// Starts threads until there are `count`, or `threads_max`. From one thread at a time.
  void grow_to(std::size_t count);
  /// Waits until everything that was posted is done. Must not be called from one of these threads, or while `grow_to`
  /// runs.
  void join();

 private:
  const std::size_t threads_max_;
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_guard_{context_.get_executor()};
  std::vector<std::thread> threads_;
};

}  // namespace pocketmq::server
