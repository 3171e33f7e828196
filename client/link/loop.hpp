// Runs all tasks of a connection, one after the other: on a thread of its own, or on the caller's executor.
#pragma once

#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include <asio/any_io_executor.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include "client/values/callbacks.hpp"
#include "protocol/io/clock_of.hpp"
#include "protocol/io/random_of.hpp"
#include "protocol/io/serial_executor.hpp"

namespace pocketmq::client {

using protocol::SerialExecutor;

/// All functions may be called from any thread. All objects that run on a loop share it, and its own thread ends with
/// it.
class Loop {
 public:
  [[nodiscard]] static std::shared_ptr<Loop> on_own_thread();
  /// If `executor` is another loop's, both loops share it, and tasks need not be handed over between them.
  [[nodiscard]] static std::shared_ptr<Loop> on_executor(asio::any_io_executor executor);

  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  /// Waits for the loop's own thread. If called on that thread, it does not wait, and the thread ends by itself.
  ~Loop();

  /// Runs `task` on the executor; at once if called there.
  template <class Task> void run(Task&& task) const {
    if (executor_.runs_here())
      task();
    else
      executor_.post(std::forward<Task>(task));
  }
  [[nodiscard]] const SerialExecutor& executor() const { return executor_; }
  [[nodiscard]] protocol::LoopClock& clock() const { return clock_; }
  [[nodiscard]] protocol::LoopRandom& random() const { return random_; }
  /// Throws std::system_error(resource_deadlock_would_occur) if waiting here would block the loop itself.
  void refuse_to_block_here() const;

  /// Calls `close`. If the loop has a thread of its own and this is another thread, waits until `close` is done and all
  /// handlers have run.
  void close_and_wait(MoveOnlyFunction<void(Done<>)> close);

 private:
  explicit Loop(std::shared_ptr<asio::io_context> own_context);
  explicit Loop(SerialExecutor executor)
      : executor_{std::move(executor)},
        clock_{protocol::clock_of(executor_)},
        random_{protocol::random_of(executor_)} {}
  [[nodiscard]] bool blocks_here() const;

  const std::shared_ptr<asio::io_context> own_context_;
  const SerialExecutor executor_;
  protocol::LoopClock& clock_;
  protocol::LoopRandom& random_;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_guard_;
  std::thread thread_;
};

}  // namespace pocketmq::client
