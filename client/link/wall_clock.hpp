// Converts a time of a loop's clock to the time of day, without asking for both each time.
#pragma once

#include <chrono>

#include "client/values/rpc_request.hpp"
#include "protocol/end/loop_clock.hpp"

namespace pocketmq::client {

/// Compares both clocks once a second. So it notices within a second that somebody set the time of day.
class WallClock {
 public:
  /// `clock` must outlive it.
  explicit WallClock(const protocol::LoopClock& clock) : clock_{clock} {}

  [[nodiscard]] WallTime at(protocol::TimePoint now) {
    if (now >= compare_again_at_) {
      ahead_ = clock_.wall_now().time_since_epoch() - clock_.now().time_since_epoch();
      compare_again_at_ = now + std::chrono::seconds{1};
    }
    return WallTime{now.time_since_epoch() + ahead_};
  }

 private:
  const protocol::LoopClock& clock_;
  std::chrono::nanoseconds ahead_{0};
  protocol::TimePoint compare_again_at_{protocol::TimePoint::min()};
};

}  // namespace pocketmq::client
