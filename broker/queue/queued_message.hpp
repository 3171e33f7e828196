// A message in a queue, either ready or unacked.
#pragma once

#include <cstdint>

#include "broker/core/deadline_heap.hpp"
#include "broker/message/message.hpp"

namespace pocketmq::broker {

struct QueuedMessage {
  Message message{};
  std::uint64_t position{0};               // in the queue
  TimePoint expires_at{TimePoint::max()};  // does not change when it is requeued
  std::uint32_t returns{0};                // how often it was requeued
  std::uint8_t priority{0};
  bool redelivered{false};
};

}  // namespace pocketmq::broker
