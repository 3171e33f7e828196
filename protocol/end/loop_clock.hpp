// The time of an event loop. Everything that runs on a loop asks the loop's clock for the time, never the system. So a
// test can replace the time of a whole loop: of a broker, its clients and its servers.
//
// `clock_of` (io/clock_of.hpp) finds the clock of an executor's loop. On a loop with a virtual clock, no timer of the
// system runs: LazyTimer (io/lazy_timer.hpp) gives its deadline to the clock, and `advance_to` makes the timer fire.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <utility>

#include "protocol/base/move_only_function.hpp"
#include "protocol/end/connection_end.hpp"

namespace pocketmq::protocol {

/// The time of day.
using WallTime = std::chrono::system_clock::time_point;

/// Shows the system's time, or, after `make_virtual`, a time that moves only by `advance_to`.
class LoopClock {
 public:
  LoopClock() = default;
  LoopClock(const LoopClock&) = delete;
  LoopClock& operator=(const LoopClock&) = delete;

  /// A clock that always shows the system's time, for code that runs on no loop.
  [[nodiscard]] static const LoopClock& of_system() {
    static const LoopClock clock;
    return clock;
  }

  // On any thread:

  [[nodiscard]] TimePoint now() const {
    const auto shown = virtual_now_.load(std::memory_order_acquire);
    return shown == real ? Clock::now() : TimePoint{Clock::duration{shown}};
  }
  [[nodiscard]] WallTime wall_now() const {
    const auto shown = virtual_now_.load(std::memory_order_acquire);
    return shown == real ? std::chrono::system_clock::now() : WallTime{Clock::duration{shown} + wall_clock_ahead_};
  }
  [[nodiscard]] bool is_virtual() const { return virtual_now_.load(std::memory_order_relaxed) != real; }

  // A loop with a virtual clock is run by one thread. That thread calls:

  /// From now on the clock shows `now` and `wall_now`, and stands still. Call it once, before anything runs on the
  /// loop.
  void make_virtual(TimePoint now, WallTime wall_now);
  /// The earliest time for which a timer is set; `TimePoint::max()` if there is none.
  [[nodiscard]] TimePoint earliest_deadline() const;
  /// Sets a virtual clock ahead to `now`, unless it shows a later time. Then calls the timers that are due, in the
  /// order of their deadlines. A LazyTimer posts its handler when it is called. So that each handler sees the time of
  /// its own deadline, never advance the clock beyond `earliest_deadline`, and let the loop run its handlers after each
  /// step.
  void advance_to(TimePoint now);

  /// `drive(done)` runs the loop and advances the clock until `done` is true, or throws.
  void drive_with(std::function<void(const std::function<bool()>& done)> drive) { drive_ = std::move(drive); }
  /// For code that is going to block until `done` is true. On a virtual clock nobody else runs the loop meanwhile: this
  /// runs it until `done` is true. Throws std::system_error(resource_deadlock_would_occur) if nothing was given to
  /// `drive_with`. On the system's time it does nothing.
  void drive_until(const std::function<bool()>& done) const;

  // For LazyTimer, on a virtual clock:

  /// Calls `due` once, inside of the first `advance_to` after which the clock shows `deadline` or a later time. If
  /// several timers have the same deadline, they are called in the order in which they were set. `timer` identifies the
  /// timer.
  void set_timer(const void* timer, TimePoint deadline, MoveOnlyFunction<void()> due);
  /// Cancels the timer, which was set for `deadline`. Returns its `due`; empty if there is no such timer.
  MoveOnlyFunction<void()> cancel_timer(const void* timer, TimePoint deadline);
  /// Cancels all timers, because the loop ends.
  void cancel_all_timers();

 private:
  static constexpr auto real = std::numeric_limits<Clock::rep>::min();

  struct Timer {
    const void* timer;
    MoveOnlyFunction<void()> due;
  };

  std::atomic<Clock::rep> virtual_now_{real};
  Clock::duration wall_clock_ahead_{0};  // of a virtual clock; does not change
  std::multimap<TimePoint, Timer> timers_;
  std::function<void(const std::function<bool()>& done)> drive_;
};

}  // namespace pocketmq::protocol
