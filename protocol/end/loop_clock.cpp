#include "protocol/end/loop_clock.hpp"

#include <algorithm>
#include <cassert>
#include <system_error>
#include <utility>

namespace pocketmq::protocol {

void LoopClock::make_virtual(TimePoint now, WallTime wall_now) {
  assert(!is_virtual());
  wall_clock_ahead_ = wall_now.time_since_epoch() - now.time_since_epoch();
  virtual_now_.store(now.time_since_epoch().count(), std::memory_order_release);
}

TimePoint LoopClock::earliest_deadline() const { return timers_.empty() ? TimePoint::max() : timers_.begin()->first; }

void LoopClock::advance_to(TimePoint now) {
  assert(is_virtual());
  if (now > this->now()) virtual_now_.store(now.time_since_epoch().count(), std::memory_order_release);
  while (earliest_deadline() <= this->now()) timers_.extract(timers_.begin()).mapped().due();
}

void LoopClock::drive_until(const std::function<bool()>& done) const {
  if (!is_virtual() || done()) return;
  if (!drive_)
    throw std::system_error{
        std::make_error_code(std::errc::resource_deadlock_would_occur),
        "a blocking call on a loop with a virtual clock would wait for ever, because nobody runs the "
        "loop meanwhile; use a completion token"};
  drive_(done);
}

void LoopClock::set_timer(const void* timer, TimePoint deadline, MoveOnlyFunction<void()> due) {
  timers_.emplace(deadline, Timer{timer, std::move(due)});
}

MoveOnlyFunction<void()> LoopClock::cancel_timer(const void* timer, TimePoint deadline) {
  const auto [first, last] = timers_.equal_range(deadline);
  const auto found = std::find_if(first, last, [timer](const auto& each) { return each.second.timer == timer; });
  if (found == last) return {};
  return std::move(timers_.extract(found).mapped().due);
}

// A timer's function may own an object that cancels other timers when it is destroyed. So all timers are removed from
// the map first.
void LoopClock::cancel_all_timers() { const auto cancelled = std::exchange(timers_, {}); }

}  // namespace pocketmq::protocol
