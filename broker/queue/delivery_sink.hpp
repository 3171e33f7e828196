// Where a channel's consumers deliver to. They share it, and may outlive their channel: the consumers of a channel that
// ends are removed over several turns.
#pragma once

#include <list>

#include "broker/queue/queued_message.hpp"
#include "protocol/base/counted.hpp"

namespace pocketmq::broker {

class Consumer;
class Queue;

/// A channel, as its consumers see it.
class DeliveryTarget {
 public:
  /// Whether the channel's prefetch and the connection's output have room for one more delivery.
  [[nodiscard]] virtual bool has_room() const = 0;
  /// Whether there is a prefetch that all consumers of the channel share.
  [[nodiscard]] virtual bool shares_prefetch() const = 0;
  /// Sends the message to the client. Its queue counts it as unacked.
  virtual void send_delivery(Consumer& consumer, Queue& from, QueuedMessage&& message) = 0;
  /// Asks the consumers that wait for the channel or its connection again, as long as it can take more. Those who come
  /// first in line get it.
  virtual void ask_waiting_consumers() = 0;
  /// The consumer's queue was deleted: tells the client, if it understands that, and ends the consumer.
  virtual void cancel_for_deleted_queue(const Consumer& consumer) = 0;

 protected:
  ~DeliveryTarget() = default;
};

struct DeliverySink : protocol::Counted<DeliverySink> {
  explicit DeliverySink(DeliveryTarget& channel) : target{&channel} {}

  DeliveryTarget* target;          // null once the channel has ended: its consumers take nothing any more
  std::list<Consumer*> waiting{};  // those that could take a message but for the channel or its connection, in line
};

}  // namespace pocketmq::broker
