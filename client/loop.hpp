// Where all of a connection happens: on a thread of its own, or on a strand of the caller's executor.
#pragma once

#include <memory>
#include <optional>
#include <thread>
#include <variant>

#include <asio/any_io_executor.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/strand.hpp>

#include "client/move_only_function.hpp"

namespace pocketmq::client {

/// All functions may be called from any thread. A loop's own thread ends with the loop, which everything that runs
/// there shares.
class Loop {
 public:
  [[nodiscard]] static std::shared_ptr<Loop> on_own_thread();
  [[nodiscard]] static std::shared_ptr<Loop> on_executor(asio::any_io_executor executor);

  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  /// Waits for the own thread, unless it is called there: then that is left to end by itself.
  ~Loop();

  /// Runs `task` there: now, if called there.
  void run(MoveOnlyFunction<void()> task) const;
  void post(MoveOnlyFunction<void()> task) const;
  [[nodiscard]] const asio::any_io_executor& executor() const { return executor_; }
  /// Throws std::system_error(resource_deadlock_would_occur) where waiting would keep the loop from running.
  void refuse_to_block_here() const;

  /// Starts `close`. With a thread of its own, and not called there, it waits until that is done and all handlers have
  /// run.
  void close_and_wait(MoveOnlyFunction<void(Done<>)> close);

  /// Calls `f` with the executor as what it is, which is faster to use than `executor()`.
  template <class F> auto with_executor(F&& f) const { return std::visit(std::forward<F>(f), io_); }

 private:
  using ThreadExecutor = asio::io_context::executor_type;
  using Strand = asio::strand<asio::any_io_executor>;

  explicit Loop(std::shared_ptr<asio::io_context> own_context);
  explicit Loop(Strand strand) : io_{strand}, executor_{std::move(strand)} {}
  [[nodiscard]] bool runs_here() const;
  [[nodiscard]] bool blocks_here() const;

  const std::shared_ptr<asio::io_context> own_context_;
  const std::variant<ThreadExecutor, Strand> io_;
  const asio::any_io_executor executor_;
  std::optional<asio::executor_work_guard<ThreadExecutor>> stays_;
  std::thread thread_;
};

}  // namespace pocketmq::client
