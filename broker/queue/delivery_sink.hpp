// Where a channel's consumers deliver to. All consumers of a channel share it. They may outlive the channel, because
// the consumers of a closed channel are removed over several turns.
#pragma once

#include <list>

#include "broker/core/actor.hpp"
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
  /// Asks the consumers that wait for the channel or its connection again, in order, while the channel can take more.
  virtual void ask_waiting_consumers() = 0;
  /// The consumer's queue was deleted. Sends basic.cancel if the client understands it, and ends the consumer.
  virtual void cancel_for_deleted_queue(const Consumer& consumer) = 0;

 protected:
  ~DeliveryTarget() = default;
};

struct DeliverySink : protocol::Counted<DeliverySink> {
  DeliverySink(DeliveryTarget& to, Actor of) : target{&to}, channel{of} {}

  DeliveryTarget* target;          // null once the channel has ended; its consumers then take nothing
  const Actor channel;             // its number, and that of its connection
  std::list<Consumer*> waiting{};  // consumers that only wait for the channel or its connection
};

}  // namespace pocketmq::broker
