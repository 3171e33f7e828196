// A timer for a deadline that mostly moves away, as the deadlines of connections and calls do.
#pragma once

#include <system_error>
#include <utility>

#include <asio/basic_waitable_timer.hpp>
#include <asio/post.hpp>

#include "protocol/end/loop_clock.hpp"
#include "protocol/io/clock_of.hpp"

namespace pocketmq::protocol {

/// It is set again only for an earlier deadline. A deadline that has moved away costs nothing until the timer fires.
/// The timer's owner then looks at the deadline again. On a loop with a virtual clock, the clock makes it fire.
template <class Executor> class LazyTimer {
 public:
  /// `clock` is the clock of the executor's loop.
  LazyTimer(const Executor& executor, LoopClock& clock) : clock_{clock}, timer_{executor} {}
  explicit LazyTimer(const Executor& executor) : LazyTimer{executor, clock_of(executor)} {}
  LazyTimer(const LazyTimer&) = delete;
  LazyTimer& operator=(const LazyTimer&) = delete;
  ~LazyTimer() { (void)cancel_on_virtual_clock(); }

  /// Calls `fired` at `deadline`, on the executor, never inside of this function. Does nothing if the timer is already
  /// set for that time or an earlier one. A call whose time has come may still follow after `cancel` or another `set`.
  /// The timer must live until `fired` is called or destroyed; `fired` may keep the timer's owner alive.
  template <class Fired> void set(TimePoint deadline, Fired fired) {
    if (deadline >= set_for_) return;
    const auto replaced = cancel_on_virtual_clock();
    set_for_ = deadline;
    if (clock_.is_virtual()) return set_on_virtual_clock(std::move(fired));
    timer_.expires_at(deadline);
    timer_.async_wait([this, fired = std::move(fired)](std::error_code cancelled) mutable {
      if (cancelled) return;  // the timer may have been destroyed
      set_for_ = TimePoint::max();
      fired();
    });
  }

  void cancel() {
    // As Asio does, destroys the cancelled call in a handler of its own. It may be all that keeps the timer's owner.
    if (auto cancelled = cancel_on_virtual_clock()) post_to_executor([cancelled = std::move(cancelled)] {});
    set_for_ = TimePoint::max();
    timer_.cancel();
  }

 private:
  template <class Fired> void set_on_virtual_clock(Fired fired) {
    clock_.set_timer(this, set_for_, [this, fired = std::move(fired)]() mutable {
      set_for_ = TimePoint::max();
      post_to_executor(std::move(fired));
    });
  }
  [[nodiscard]] MoveOnlyFunction<void()> cancel_on_virtual_clock() {
    if (set_for_ == TimePoint::max() || !clock_.is_virtual()) return {};
    return clock_.cancel_timer(this, set_for_);
  }
  template <class Task> void post_to_executor(Task task) {
    using asio::post;
    post(timer_.get_executor(), std::move(task));
  }

  LoopClock& clock_;
  asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor> timer_;
  TimePoint set_for_{TimePoint::max()};  // max: not set
};

}  // namespace pocketmq::protocol
