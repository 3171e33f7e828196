// A message in one queue, ready or delivered and not acked.
#pragma once

#include <cstdint>

#include "broker/core/deadline_heap.hpp"
#include "broker/message/message.hpp"

namespace pocketmq::broker {

struct QueuedMessage {
  Message message{};
  std::uint64_t position{0};               // in the queue
  TimePoint expires_at{TimePoint::max()};  // kept when requeued
  std::uint32_t returns{0};                // how often it has come back
  std::uint8_t priority{0};
  bool redelivered{false};
};

}  // namespace pocketmq::broker
