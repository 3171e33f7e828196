// Converts a time of protocol::Clock to the time of day, without reading both clocks each time.
#pragma once

#include <chrono>

#include "client/values/rpc_request.hpp"
#include "protocol/end/connection_end.hpp"

namespace pocketmq::client {

/// Compares both clocks once a second. So it notices within a second that somebody set the time of day.
class WallClock {
 public:
  [[nodiscard]] WallTime at(protocol::TimePoint now) {
    if (now >= compare_again_at_) {
      ahead_ = std::chrono::system_clock::now().time_since_epoch() - protocol::Clock::now().time_since_epoch();
      compare_again_at_ = now + std::chrono::seconds{1};
    }
    return WallTime{now.time_since_epoch() + ahead_};
  }

 private:
  std::chrono::nanoseconds ahead_{0};
  protocol::TimePoint compare_again_at_{protocol::TimePoint::min()};
};

}  // namespace pocketmq::client
