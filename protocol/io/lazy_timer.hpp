// A timer for a deadline that mostly moves away, as the deadlines of connections and calls do.
#pragma once

#include <system_error>
#include <utility>

#include <asio/basic_waitable_timer.hpp>

#include "protocol/end/connection_end.hpp"

namespace pocketmq::protocol {

/// It is set again only for an earlier deadline. A deadline that has moved away costs nothing until the timer fires.
/// The timer's owner then looks at the deadline again.
template <class Executor> class LazyTimer {
 public:
  explicit LazyTimer(const Executor& executor) : timer_{executor} {}

  /// Calls `fired` at `deadline`, on the executor, never inside of this function. Does nothing if the timer is already
  /// set for that time or an earlier one. A call whose time has come may still follow after `cancel` or another `set`.
  /// The timer must live until `fired` is called or destroyed; `fired` may keep the timer's owner alive.
  template <class Fired> void set(TimePoint deadline, Fired fired) {
    if (deadline >= set_for_) return;
    set_for_ = deadline;
    timer_.expires_at(deadline);
    timer_.async_wait([this, fired = std::move(fired)](std::error_code cancelled) mutable {
      if (cancelled) return;  // the timer may have been destroyed
      set_for_ = TimePoint::max();
      fired();
    });
  }

  void cancel() {
    set_for_ = TimePoint::max();
    timer_.cancel();
  }

 private:
  asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor> timer_;
  TimePoint set_for_{TimePoint::max()};  // max: not set
};

}  // namespace pocketmq::protocol
