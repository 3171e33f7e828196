// How a queue is declared. All who declare a queue must use the same options (AMQP 0-9-1, 1.7.2.1).
#pragma once

#include "client/values/table.hpp"

namespace pocketmq::client {

/// The defaults are those of RabbitMQ's tutorials: the queue is lost with its broker, shared by all connections, and
/// kept when unused.
struct QueueOptions {
  bool passive{false};  // do not create it: it must exist, with any options
  bool durable{false};
  bool exclusive{false};    // for this connection only, and deleted with it
  bool auto_delete{false};  // deleted with its last consumer
  Table arguments{};

  /// A replicated queue, which survives the loss of a broker. RabbitMQ 4 asks for these where work must not be lost.
  [[nodiscard]] static QueueOptions quorum() {
    return {.durable = true, .arguments = Table{}.add("x-queue-type", "quorum")};
  }
  /// A queue that another program declares.
  [[nodiscard]] static QueueOptions use_existing() { return {.passive = true}; }

  friend bool operator==(const QueueOptions&, const QueueOptions&) = default;
};

}  // namespace pocketmq::client
