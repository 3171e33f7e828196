// Who settles deliveries, and why they are requeued if they are. The journal tells it.
#pragma once

#include "broker/core/actor.hpp"
#include "broker/events/reasons.hpp"

namespace pocketmq::broker {

using event::AckMode;

struct Settler {
  Actor channel{};
  AckMode ack_mode{AckMode::manual};
  event::Requeued why_requeued{event::Requeued::asked};

  /// Whether the client has asked for the requeue.
  [[nodiscard]] bool has_asked() const {
    return why_requeued == event::Requeued::asked || why_requeued == event::Requeued::recovered;
  }
};

}  // namespace pocketmq::broker
