// An object with a deadline. Another object owns the clock, and calls `tick` at the deadline.
#pragma once

#include "protocol/end/connection_end.hpp"

namespace pocketmq::client {

class Timed {
 public:
  virtual void tick(protocol::TimePoint now) = 0;
  /// When the next tick is due; `TimePoint::max()` for never.
  [[nodiscard]] virtual protocol::TimePoint deadline() const = 0;

 protected:
  ~Timed() = default;
};

}  // namespace pocketmq::client
