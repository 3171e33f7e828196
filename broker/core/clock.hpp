// A broker's time. The code that drives the broker says what time it is; the broker never asks the system.
//
// There are two clocks. The real one is the system's: connections go by it (handshake, heartbeats, stalls), or stock
// clients would be cut. The broker's own is the real one plus an offset, and it can stand still: what is kept for
// clients goes by it (expiry, ack timeouts, timestamps). Tests set it ahead instead of waiting; it never moves back.
#pragma once

#include <algorithm>
#include <chrono>

#include "protocol/end/connection_end.hpp"

namespace pocketmq::broker {

using protocol::TimePoint;

class Clock {
 public:
  /// `offset`, not negative, is how far the broker's clock is ahead of the real one.
  explicit Clock(TimePoint::duration offset = {}, bool is_frozen = false) : offset_{offset}, is_frozen_{is_frozen} {}

  /// The broker's time.
  [[nodiscard]] TimePoint now() const { return now_; }
  /// The latest real time that was observed.
  [[nodiscard]] TimePoint real_now() const { return real_now_; }
  /// How far the broker's time is ahead of the real one.
  [[nodiscard]] TimePoint::duration ahead() const { return now_ - real_now_; }

  /// This is the real time. A frozen clock takes only its first reading from it.
  void observe(TimePoint real) {
    const bool is_first = real_now_ == TimePoint{};
    real_now_ = std::max(real_now_, real);
    if (is_first || !is_frozen_) now_ = real_now_ + offset_;
  }

  [[nodiscard]] bool is_frozen() const { return is_frozen_; }
  /// The broker's time stands still.
  void freeze() { is_frozen_ = true; }
  /// It goes on from where it stands.
  void run() {
    is_frozen_ = false;
    offset_ = now_ - real_now_;
  }
  /// Sets the broker's time ahead, frozen or not. Does nothing if it is not before `at`.
  void advance_to(TimePoint at) {
    now_ = std::max(now_, at);
    offset_ = now_ - real_now_;
  }
  /// When the real clock shows the time at which the broker's shows `at`: `TimePoint::min()` if that has passed,
  /// `TimePoint::max()` if the broker's clock is frozen before.
  [[nodiscard]] TimePoint real_time_of(TimePoint at) const {
    if (at <= now_) return TimePoint::min();
    return is_frozen_ || at == TimePoint::max() ? TimePoint::max() : at - offset_;
  }

  /// Sets what a wall clock shows at the real time `at`, for times that people read. Until then time counts from the
  /// epoch.
  void set_wall_clock(TimePoint at, std::chrono::system_clock::time_point shows) {
    wall_clock_ahead_ = shows.time_since_epoch() - at.time_since_epoch();
  }
  /// The broker's time, as a wall clock shows it.
  [[nodiscard]] std::chrono::system_clock::time_point wall_time() const {
    const auto since_epoch = now_.time_since_epoch() + wall_clock_ahead_;
    return std::chrono::system_clock::time_point{
        std::chrono::duration_cast<std::chrono::system_clock::duration>(since_epoch)};
  }
  /// The same, in whole seconds.
  [[nodiscard]] std::chrono::seconds since_epoch() const {
    return std::chrono::floor<std::chrono::seconds>(wall_time().time_since_epoch());
  }

 private:
  TimePoint now_{};
  TimePoint real_now_{};
  TimePoint::duration offset_{0};
  TimePoint::duration wall_clock_ahead_{0};
  bool is_frozen_{false};
};

}  // namespace pocketmq::broker
