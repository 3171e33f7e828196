// What the journal's events say about a settled delivery: which channel settles it, and why it is requeued if it is.
#pragma once

#include "broker/core/actor.hpp"
#include "broker/events/reasons.hpp"

namespace pocketmq::broker {

using event::AckMode;

/// A channel that settles deliveries.
struct Settler {
  Actor channel{};
  AckMode ack_mode{AckMode::manual};
  event::Requeued why_requeued{event::Requeued::asked};  // has a meaning only if the delivery is requeued

  /// Whether the client has asked for the requeue, by basic.nack, basic.reject or basic.recover.
  [[nodiscard]] bool has_asked() const {
    return why_requeued == event::Requeued::asked || why_requeued == event::Requeued::recovered;
  }
};

}  // namespace pocketmq::broker
