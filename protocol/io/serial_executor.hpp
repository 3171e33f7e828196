// An executor that runs tasks one after the other, wherever they come from: a strand that hands over in batches.
//
// Tasks that come while others wait are run with them: many cost one hand-over to the executor beneath, and one wake-up
// of a thread that sleeps. What a task posts costs no lock. Those that an executor lets go of unrun are let go of too.
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

/// Copies share their tasks. As an executor of Asio's it may be given to sockets, timers and completion handlers; it
/// does not count outstanding work.
class SerialExecutor {
 public:
  using Task = MoveOnlyFunction<void()>;

  /// One of its own: what others make of the same executor may run at the same time.
  [[nodiscard]] static SerialExecutor on(asio::any_io_executor inner) {
    return {std::make_shared<Queue>(std::move(inner)), Hurry::yes};
  }

  [[nodiscard]] const asio::any_io_executor& inner() const { return queue_->inner; }
  /// Whether the caller is a task of this executor.
  [[nodiscard]] bool runs_here() const { return queue_->runs_here(); }

  /// Runs `task` after those that wait, never inside the call.
  void post(Task&& task) const { queue_->push(std::move(task), Hurry::no); }

  // What Asio wants of an executor: by default a task may run inside the call.

  template <class F> void execute(F&& f) const {
    if (hurry_ == Hurry::yes && runs_here()) return std::decay_t<F>{std::forward<F>(f)}();
    queue_->push(std::forward<F>(f), hurry_);
  }
  [[nodiscard]] asio::execution_context& query(asio::execution::context_t) const noexcept;
  [[nodiscard]] asio::execution::blocking_t query(asio::execution::blocking_t) const noexcept {
    if (hurry_ == Hurry::yes) return asio::execution::blocking.possibly;
    return asio::execution::blocking.never;
  }
  [[nodiscard]] SerialExecutor require(asio::execution::blocking_t::possibly_t) const { return {queue_, Hurry::yes}; }
  [[nodiscard]] SerialExecutor require(asio::execution::blocking_t::never_t) const { return {queue_, Hurry::no}; }

  friend bool operator==(const SerialExecutor& a, const SerialExecutor& b) noexcept {
    return a.queue_ == b.queue_ && a.hurry_ == b.hurry_;
  }
  friend bool operator!=(const SerialExecutor& a, const SerialExecutor& b) noexcept { return !(a == b); }

 private:
  enum class Hurry : bool { no, yes };  // to run inside of `push`, if nothing else runs or waits

  struct Queue : std::enable_shared_from_this<Queue> {
    explicit Queue(asio::any_io_executor executor) : inner{std::move(executor)} {}

    [[nodiscard]] bool runs_here() const {
      return runner.load(std::memory_order_relaxed) == std::this_thread::get_id();
    }
    void push(Task&& task, Hurry hurry);
    void schedule(Hurry hurry);
    void run();
    void abandoned();
    // Of who runs tasks:
    [[nodiscard]] bool take_batch();
    [[nodiscard]] bool give_back();

    const asio::any_io_executor inner;
    std::atomic<std::thread::id> runner{};  // who runs tasks now

    // Of who runs tasks:
    std::vector<Task> batch;  // those before `next` have run
    std::size_t next{0};
    std::vector<Task> own;  // posted by tasks of the batch, for the next one

    std::mutex mutex;                      // guards what follows
    std::vector<Task> waiting;             // posted by others, behind `own`
    std::atomic<bool> others_wait{false};  // there is something in `waiting`; may be read unguarded
    bool is_scheduled{false};              // somebody runs tasks, or is on the way to do it
  };

  SerialExecutor(std::shared_ptr<Queue> queue, Hurry hurry) : queue_{std::move(queue)}, hurry_{hurry} {}

  std::shared_ptr<Queue> queue_;
  Hurry hurry_;
};

/// What `asio::post` does, without the copies that it makes of the executor.
template <class Task> void post(const SerialExecutor& executor, Task&& task) {
  executor.post(std::forward<Task>(task));
}

}  // namespace pocketmq::protocol
