// A broker's time. The code that drives the broker sets it; the broker never asks the system.
#pragma once

#include <algorithm>
#include <chrono>

#include "protocol/end/connection_end.hpp"

namespace pocketmq::broker {

using protocol::TimePoint;

class Clock {
 public:
  /// The latest time that was observed. It never goes back.
  [[nodiscard]] TimePoint now() const { return now_; }
  void observe(TimePoint now) { now_ = std::max(now_, now); }

  /// Sets what a wall clock shows at the time `at`, for times that people read. Until then time counts from the epoch.
  void set_wall_clock(TimePoint at, std::chrono::system_clock::time_point shows) {
    wall_clock_ahead_ = shows.time_since_epoch() - at.time_since_epoch();
  }
  [[nodiscard]] std::chrono::seconds since_epoch() const {
    return std::chrono::floor<std::chrono::seconds>(now_.time_since_epoch() + wall_clock_ahead_);
  }

 private:
  TimePoint now_{};
  TimePoint::duration wall_clock_ahead_{0};
};

}  // namespace pocketmq::broker
