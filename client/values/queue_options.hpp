// How a queue is declared. Every declaration of a queue must name the same options, whoever makes it (AMQP
// 0-9-1, 1.7.2.1).
#pragma once

#include "client/values/table.hpp"

namespace pocketmq::client {

/// By default a queue as RabbitMQ's tutorials declare it: lost with its broker, shared, kept when unused.
struct QueueOptions {
  bool passive{false};  // do not create it: it must exist, with whatever options
  bool durable{false};
  bool exclusive{false};    // for this connection only, and gone with it
  bool auto_delete{false};  // gone with its last consumer
  Table arguments{};

  /// A replicated queue that outlives its broker: what RabbitMQ 4 wants for work that must not be lost.
  [[nodiscard]] static QueueOptions quorum() {
    return {.durable = true, .arguments = Table{}.add("x-queue-type", "quorum")};
  }
  /// A queue that another program declares.
  [[nodiscard]] static QueueOptions use_existing() { return {.passive = true}; }

  friend bool operator==(const QueueOptions&, const QueueOptions&) = default;
};

}  // namespace pocketmq::client
