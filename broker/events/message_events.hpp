// The life of a message, from its publish to its end.
//
// A message has a number that no other message of the broker has. The number is never 0; 0 stands for a message that
// was published before anybody listened. All queues to which a message is routed share the number, also by CC and by
// alternate exchanges. So in a queue, the number and the name of the queue identify the message. A message that is
// requeued keeps its number. A dead letter is another message; its `parent` is the message that died.
//
// What may come next:
//
//     message.published, message.dead_letter -> message.routed, message.unroutable or message.dropped
//     message.unroutable                     -> message.returned or message.dropped
//     message.routed, for each queue         -> message.enqueued, message.dropped or message.dead_lettered
//     message.routed, as a direct reply      -> message.replied or message.dropped
//     message.enqueued, message.requeued     -> message.delivered, message.expired, message.dropped or
//                                               message.dead_lettered
//     message.delivered                      -> message.acked, message.rejected, message.requeued, message.dropped
//                                               or message.dead_lettered
//     message.rejected, message.expired      -> message.dropped or message.dead_lettered
//     message.dead_lettered                  -> message.dead_letter, which is a new message; or message.dropped
#pragma once

#include "broker/events/encoding.hpp"
#include "broker/events/reasons.hpp"

namespace pocketmq::broker::event {

/// A client has published the message, and the broker has accepted it.
struct MessagePublished {
  static constexpr Kind kind{"message.published", Category::messages};
  std::uint64_t message{};
  Text vhost{};
  std::uint64_t connection{};
  std::uint16_t channel{};
  std::uint64_t publish{};  // its number on a channel in confirm mode; 0 on others
  bool in_transaction{};    // where it goes is told at the commit
  bool mandatory{};
  Text exchange{};
  Text routing_key{};
  MessageProperties properties{};
  Body body{};

  static constexpr void describe(auto& e, auto&& field) {
    field("message", e.message);
    field("vhost", e.vhost);
    field("connection", e.connection);
    field("channel", e.channel);
    field(optional("publish"), e.publish);
    field(optional("in_transaction"), e.in_transaction);
    field(optional("mandatory"), e.mandatory);
    field("exchange", e.exchange);
    field("routing_key", e.routing_key);
    field("properties", e.properties);
    field(optional("headers_left_out_bytes"), e.properties.headers_left_out_bytes);
    field("body", e.body);
    field("body_bytes", e.body.size_bytes);
  }
};

/// The broker has published a dead letter. It is routed like any other message.
struct DeadLetterPublished {
  static constexpr Kind kind{"message.dead_letter", Category::messages};
  std::uint64_t message{};
  std::uint64_t parent{};  // the message that died
  Text vhost{};
  Text queue{};  // where it died
  Death reason{};
  Text exchange{};
  Text routing_key{};
  MessageProperties properties{};
  Body body{};

  static constexpr void describe(auto& e, auto&& field) {
    field("message", e.message);
    field("parent", e.parent);
    field("vhost", e.vhost);
    field("queue", e.queue);
    field("reason", e.reason);
    field("exchange", e.exchange);
    field("routing_key", e.routing_key);
    field("properties", e.properties);
    field(optional("headers_left_out_bytes"), e.properties.headers_left_out_bytes);
    field("body", e.body);
    field("body_bytes", e.body.size_bytes);
  }
};

/// A step on a message's way from exchanges to queues.
struct Route {
  Text exchange{};
  Via via{};
  Text binding_key{};
  Arguments arguments{};  // of the binding
  Text key{};             // which of the message's keys matched, if it has several (CC, BCC)
  Text to{};
  Target to_is{};

  static constexpr void describe(auto& route, auto&& field) {
    field("exchange", route.exchange);
    field("via", route.via);
    field(optional("binding_key"), route.binding_key);
    field(optional("arguments"), route.arguments);
    field(optional("arguments_left_out_bytes"), route.arguments.left_out_bytes);
    field(optional("key"), route.key);
    field("to", route.to);
    field("to_is", route.to_is);
  }
};

/// The message goes to these queues. Each queue takes it (message.enqueued) or does not (message.dropped with stage
/// `enter`, or message.dead_lettered). If there are very many queues, some do so in later turns.
struct MessageRouted {
  static constexpr Kind kind{"message.routed", Category::messages};
  std::uint64_t message{};
  Text vhost{};
  std::uint64_t queue_count{};
  List<Text> queues{};
  std::uint64_t route_count{};
  List<Route> routes{};  // every binding that matched and every alternate exchange, in the order of the search
  bool direct_reply{};   // it goes to a requester without a queue

  static constexpr void describe(auto& e, auto&& field) {
    field("message", e.message);
    field("vhost", e.vhost);
    field("queue_count", e.queue_count);
    field("queues", e.queues);
    field("route_count", e.route_count);
    field("routes", e.routes);
    field(optional("direct_reply"), e.direct_reply);
  }
};

/// No queue was found for the message. It is returned to its publisher if it is mandatory; otherwise it is dropped.
struct MessageUnroutable {
  static constexpr Kind kind{"message.unroutable", Category::messages};
  std::uint64_t message{};
  Text vhost{};
  Text exchange{};
  Text routing_key{};
  std::uint64_t route_count{};
  List<Route> routes{};  // the steps from exchange to exchange, none of which led to a queue

  static constexpr void describe(auto& e, auto&& field) {
    field("message", e.message);
    field("vhost", e.vhost);
    field("exchange", e.exchange);
    field("routing_key", e.routing_key);
    field("route_count", e.route_count);
    field("routes", e.routes);
  }
};

/// The queue has taken the message. The message is ready. Ready messages are in the order of their priorities, the
/// highest first. Within a priority, requeued messages come before the others, and both are in the order of their
/// positions.
struct MessageEnqueued {
  static constexpr Kind kind{"message.enqueued", Category::messages};
  std::uint64_t message{};
  Text vhost{};
  Text queue{};
  std::uint64_t position{};
  std::uint8_t priority{};
  std::optional<std::uint64_t> expires_in_ms{};  // absent: never

  static constexpr void describe(auto& e, auto&& field) {
    field("message", e.message);
    field("vhost", e.vhost);
    field("queue", e.queue);
    field("position", e.position);
    field(optional("priority"), e.priority);
    field(optional("expires_in_ms"), e.expires_in_ms);
  }
};

/// The message was sent to a client and is unacked.
struct MessageDelivered {
  static constexpr Kind kind{"message.delivered", Category::messages};
  std::uint64_t message{};
  Text vhost{};
  Text queue{};
  std::uint64_t connection{};
  std::uint16_t channel{};
  Text consumer{};  // absent for a basic.get
  std::uint64_t delivery_tag{};
  bool redelivered{};
  AckMode ack_mode{};

  static constexpr void describe(auto& e, auto&& field) {
    field("message", e.message);
    field("vhost", e.vhost);
    field("queue", e.queue);
    field("connection", e.connection);
    field("channel", e.channel);
    field(optional("consumer"), e.consumer);
    field("delivery_tag", e.delivery_tag);
    field("redelivered", e.redelivered);
    field("ack_mode", e.ack_mode);
  }
};

/// The message was acked and has left this queue. With ack mode `automatic` this follows the delivery at once.
struct MessageAcked {
  static constexpr Kind kind{"message.acked", Category::messages};
  std::uint64_t message{};
  Text vhost{};
  Text queue{};
  std::uint64_t connection{};
  std::uint16_t channel{};
  std::uint64_t delivery_tag{};
  AckMode ack_mode{};

  static constexpr void describe(auto& e, auto&& field) {
    field("message", e.message);
    field("vhost", e.vhost);
    field("queue", e.queue);
    field(optional("connection"), e.connection);
    field(optional("channel"), e.channel);
    field(optional("delivery_tag"), e.delivery_tag);
    field("ack_mode", e.ack_mode);
  }
};

/// basic.reject or basic.nack without requeue. Next, the message is dropped or dead-lettered.
struct MessageRejected {
  static constexpr Kind kind{"message.rejected", Category::messages};
  std::uint64_t message{};
  Text vhost{};
  Text queue{};
  std::uint64_t connection{};
  std::uint16_t channel{};
  std::uint64_t delivery_tag{};

  static constexpr void describe(auto& e, auto&& field) {
    field("message", e.message);
    field("vhost", e.vhost);
    field("queue", e.queue);
    field(optional("connection"), e.connection);
    field(optional("channel"), e.channel);
    field(optional("delivery_tag"), e.delivery_tag);
  }
};

/// An unacked message was requeued. It is ready again.
struct MessageRequeued {
  static constexpr Kind kind{"message.requeued", Category::messages};
  std::uint64_t message{};
  Text vhost{};
  Text queue{};
  Requeued reason{};
  std::uint64_t position{};
  bool at_end{};            // after those that were never delivered, as in a quorum queue
  std::uint64_t returns{};  // how often it has come back, on a quorum queue
  std::uint64_t connection{};
  std::uint16_t channel{};
  std::uint64_t delivery_tag{};

  static constexpr void describe(auto& e, auto&& field) {
    field("message", e.message);
    field("vhost", e.vhost);
    field("queue", e.queue);
    field("reason", e.reason);
    field("position", e.position);
    field(optional("at_end"), e.at_end);
    field(optional("returns"), e.returns);
    field(optional("connection"), e.connection);
    field(optional("channel"), e.channel);
    field(optional("delivery_tag"), e.delivery_tag);
  }
};

/// The message has expired at the head of its queue. Next, it is dropped or dead-lettered.
struct MessageExpired {
  static constexpr Kind kind{"message.expired", Category::messages};
  std::uint64_t message{};
  Text vhost{};
  Text queue{};

  static constexpr void describe(auto& e, auto&& field) {
    field("message", e.message);
    field("vhost", e.vhost);
    field("queue", e.queue);
  }
};

/// The queue has passed the message to its dead-letter exchange, after the message was in the queue or because the
/// queue was full. A message.dead_letter follows, perhaps in a later turn.
struct MessageDeadLettered {
  static constexpr Kind kind{"message.dead_lettered", Category::messages};
  std::uint64_t message{};
  Text vhost{};
  Text queue{};
  Death reason{};

  static constexpr void describe(auto& e, auto&& field) {
    field("message", e.message);
    field("vhost", e.vhost);
    field("queue", e.queue);
    field("reason", e.reason);
  }
};

/// The message is gone without an ack.
struct MessageDropped {
  static constexpr Kind kind{"message.dropped", Category::messages};
  std::uint64_t message{};
  Text vhost{};  // absent with stage `reply`
  Text queue{};  // only with the stages `enter`, `queue` and `dead_letter`
  Stage stage{};
  Dropped reason{};

  static constexpr void describe(auto& e, auto&& field) {
    field("message", e.message);
    field(optional("vhost"), e.vhost);
    field(optional("queue"), e.queue);
    field("stage", e.stage);
    field("reason", e.reason);
  }
};

/// basic.return: a mandatory message goes back to its publisher.
struct MessageReturned {
  static constexpr Kind kind{"message.returned", Category::messages};
  std::uint64_t message{};
  std::uint64_t connection{};
  std::uint16_t channel{};
  std::uint16_t code{};
  Text text{};

  static constexpr void describe(auto& e, auto&& field) {
    field("message", e.message);
    field("connection", e.connection);
    field("channel", e.channel);
    field("code", e.code);
    field("text", e.text);
  }
};

/// A direct reply was sent to the requester. That is its end: nobody acks it.
struct MessageReplied {
  static constexpr Kind kind{"message.replied", Category::messages};
  std::uint64_t message{};
  std::uint64_t connection{};
  std::uint16_t channel{};
  Text consumer{};
  std::uint64_t delivery_tag{};

  static constexpr void describe(auto& e, auto&& field) {
    field("message", e.message);
    field("connection", e.connection);
    field("channel", e.channel);
    field("consumer", e.consumer);
    field("delivery_tag", e.delivery_tag);
  }
};

/// The publisher is told that all queues have taken the message that it published under that number.
struct PublishConfirmed {
  static constexpr Kind kind{"publish.confirmed", Category::messages};
  std::uint64_t connection{};
  std::uint16_t channel{};
  std::uint64_t publish{};

  static constexpr void describe(auto& e, auto&& field) {
    field("connection", e.connection);
    field("channel", e.channel);
    field("publish", e.publish);
  }
};

/// The publisher is told that a queue has refused the message.
struct PublishNacked {
  static constexpr Kind kind{"publish.nacked", Category::messages};
  std::uint64_t connection{};
  std::uint16_t channel{};
  std::uint64_t publish{};

  static constexpr void describe(auto& e, auto&& field) {
    field("connection", e.connection);
    field("channel", e.channel);
    field("publish", e.publish);
  }
};

/// A transaction is committed: its messages have gone to their queues. Its settlements are carried out after this.
struct TransactionCommitted {
  static constexpr Kind kind{"transaction.committed", Category::messages};
  std::uint64_t connection{};
  std::uint16_t channel{};
  std::uint64_t publishes{};
  std::uint64_t settlements{};  // deliveries that are acked, rejected or requeued
  bool complete{};              // false: a queue has refused a message, and the channel is closed

  static constexpr void describe(auto& e, auto&& field) {
    field("connection", e.connection);
    field("channel", e.channel);
    field("publishes", e.publishes);
    field("settlements", e.settlements);
    field("complete", e.complete);
  }
};

/// A transaction is rolled back: its messages are dropped, and the deliveries that it has settled are unacked again.
struct TransactionRolledBack {
  static constexpr Kind kind{"transaction.rolled_back", Category::messages};
  std::uint64_t connection{};
  std::uint16_t channel{};
  std::uint64_t publishes{};
  std::uint64_t settlements{};

  static constexpr void describe(auto& e, auto&& field) {
    field("connection", e.connection);
    field("channel", e.channel);
    field("publishes", e.publishes);
    field("settlements", e.settlements);
  }
};

}  // namespace pocketmq::broker::event
