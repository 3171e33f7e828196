// Where all of a connection happens: on a thread of its own, or on the caller's executor, one task after the other.
#pragma once

#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include <asio/any_io_executor.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include "client/values/callbacks.hpp"
#include "protocol/io/serial_executor.hpp"

namespace pocketmq::client {

using protocol::SerialExecutor;

/// All functions may be called from any thread. A loop's own thread ends with the loop, which everything that runs
/// there shares.
class Loop {
 public:
  [[nodiscard]] static std::shared_ptr<Loop> on_own_thread();
  /// If that is another loop's executor, both share it: then nothing has to be handed over between them.
  [[nodiscard]] static std::shared_ptr<Loop> on_executor(asio::any_io_executor executor);

  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  /// Waits for the own thread, unless it is called there: then that is left to end by itself.
  ~Loop();

  /// Runs `task` there: now, if called there.
  template <class Task> void run(Task&& task) const {
    if (executor_.runs_here())
      task();
    else
      executor_.post(std::forward<Task>(task));
  }
  [[nodiscard]] const SerialExecutor& executor() const { return executor_; }
  /// Throws std::system_error(resource_deadlock_would_occur) where waiting would keep the loop from running.
  void refuse_to_block_here() const;

  /// Starts `close`. With a thread of its own, and not called there, it waits until that is done and all handlers have
  /// run.
  void close_and_wait(MoveOnlyFunction<void(Done<>)> close);

 private:
  explicit Loop(std::shared_ptr<asio::io_context> own_context);
  explicit Loop(SerialExecutor executor) : executor_{std::move(executor)} {}
  [[nodiscard]] bool blocks_here() const;

  const std::shared_ptr<asio::io_context> own_context_;
  const SerialExecutor executor_;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> stays_;
  std::thread thread_;
};

}  // namespace pocketmq::client
