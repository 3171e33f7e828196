// An executor that runs its tasks one after the other, whichever thread posts them: a strand that works in batches.
//
// Tasks that are posted while others wait run in the same batch. A batch costs the inner executor one handler, and
// wakes its thread once. A task that posts another one takes no lock. If the inner executor destroys its handler
// without running it, all tasks that wait are destroyed.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <asio/any_io_executor.hpp>
#include <asio/execution/blocking.hpp>
#include <asio/execution/context.hpp>
#include <asio/execution_context.hpp>

#include "protocol/base/move_only_function.hpp"

namespace pocketmq::protocol {

/// Copies share their tasks. It meets Asio's requirements for executors, so that sockets, timers and completion
/// handlers can use it. But it does not count outstanding work.
class SerialExecutor {
 public:
  using Task = MoveOnlyFunction<void()>;

  /// A new executor. Tasks of two executors that were made on the same `inner` may run at the same time.
  [[nodiscard]] static SerialExecutor on(asio::any_io_executor inner) {
    return {std::make_shared<Queue>(std::move(inner)), Blocking::possibly};
  }

  [[nodiscard]] const asio::any_io_executor& inner() const { return queue_->inner; }
  /// Whether the caller is a task of this executor.
  [[nodiscard]] bool runs_here() const { return queue_->runs_here(); }

  /// Runs `task` after the tasks that wait, never inside the call.
  void post(Task&& task) const { queue_->push(std::move(task), Blocking::never); }

  // What Asio requires of an executor. By default a task may run inside the call.

  template <class F> void execute(F&& f) const {
    if (blocking_ == Blocking::possibly && runs_here()) return std::decay_t<F>{std::forward<F>(f)}();
    queue_->push(std::forward<F>(f), blocking_);
  }
  [[nodiscard]] asio::execution_context& query(asio::execution::context_t) const noexcept;
  [[nodiscard]] asio::execution::blocking_t query(asio::execution::blocking_t) const noexcept {
    if (blocking_ == Blocking::possibly) return asio::execution::blocking.possibly;
    return asio::execution::blocking.never;
  }
  [[nodiscard]] SerialExecutor require(asio::execution::blocking_t::possibly_t) const {
    return {queue_, Blocking::possibly};
  }
  [[nodiscard]] SerialExecutor require(asio::execution::blocking_t::never_t) const { return {queue_, Blocking::never}; }

  friend bool operator==(const SerialExecutor& a, const SerialExecutor& b) noexcept {
    return a.queue_ == b.queue_ && a.blocking_ == b.blocking_;
  }
  friend bool operator!=(const SerialExecutor& a, const SerialExecutor& b) noexcept { return !(a == b); }

 private:
  // Whether a task may run inside `push`, if no other runs or waits.
  enum class Blocking : bool { never, possibly };

  struct Queue : std::enable_shared_from_this<Queue> {
    explicit Queue(asio::any_io_executor executor) : inner{std::move(executor)} {}

    [[nodiscard]] bool runs_here() const {
      return runner.load(std::memory_order_relaxed) == std::this_thread::get_id();
    }
    void push(Task&& task, Blocking blocking);
    void schedule(Blocking blocking);
    void run();
    void abandoned();
    // Only for the handler that runs tasks:
    [[nodiscard]] bool take_batch();
    [[nodiscard]] bool give_back();

    const asio::any_io_executor inner;
    std::atomic<std::thread::id> runner{};  // the thread that runs tasks now

    // Only for the handler that runs tasks:
    std::vector<Task> batch;  // those before `next` have run
    std::size_t next{0};
    std::vector<Task> own;  // posted by tasks of the batch, for the next batch

    std::mutex mutex;                      // guards what follows
    std::vector<Task> waiting;             // posted by other threads; they run after `own`
    std::atomic<bool> others_wait{false};  // `waiting` is not empty; read also without the lock
    bool is_scheduled{false};              // a handler runs tasks, or is on its way
  };

  SerialExecutor(std::shared_ptr<Queue> queue, Blocking blocking) : queue_{std::move(queue)}, blocking_{blocking} {}

  std::shared_ptr<Queue> queue_;
  Blocking blocking_;
};

/// What `asio::post` does, without the copies that it makes of the executor.
template <class Task> void post(const SerialExecutor& executor, Task&& task) {
  executor.post(std::forward<Task>(task));
}

}  // namespace pocketmq::protocol
