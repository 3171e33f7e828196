// Threads for handlers, started as they are needed: one that blocks does not hold up others.
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
  /// Has so many threads, or as many as there may be. From one thread at a time.
  void at_least(std::size_t count);
  /// Waits until all that was posted there is done. Not from one of them, and not at the same time as `at_least`.
  void join();

 private:
  const std::size_t threads_max_;
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> stays_{context_.get_executor()};
  std::vector<std::thread> threads_;
};

}  // namespace pocketmq::server
