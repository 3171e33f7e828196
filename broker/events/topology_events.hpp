// Events of virtual hosts, queues, exchanges, bindings, consumers and policies.
//
// `connection` and `channel` name the client whose command, or whose end, was the cause. They are absent if the broker
// acted by itself, for example because of its definitions or an expiry.
#pragma once

#include "broker/events/encoding.hpp"
#include "broker/events/reasons.hpp"

namespace pocketmq::broker::event {

struct VhostCreated {
  static constexpr Kind kind{"vhost.created", Category::topology};
  Text vhost{};

  static constexpr void describe(auto& e, auto&& field) { field("vhost", e.vhost); }
};

/// The virtual host is deleted, and its name is free. Its connections have been closed before, and its queues,
/// exchanges and bindings deleted. The exchanges that each virtual host has from the start go with it, without events
/// of their own, and so do its policies.
struct VhostDeleted {
  static constexpr Kind kind{"vhost.deleted", Category::topology};
  Text vhost{};

  static constexpr void describe(auto& e, auto&& field) { field("vhost", e.vhost); }
};

/// A queue was declared, but not passively.
struct QueueDeclared {
  static constexpr Kind kind{"queue.declared", Category::topology};
  Text vhost{};
  Text queue{};
  bool created{};  // false: an equal one was there
  Text type{};     // "classic", "quorum"
  bool durable{};
  bool exclusive{};  // to `connection`
  bool auto_delete{};
  Arguments arguments{};
  std::uint64_t connection{};
  std::uint16_t channel{};

  static constexpr void describe(auto& e, auto&& field) {
    field("vhost", e.vhost);
    field("queue", e.queue);
    field("created", e.created);
    field("type", e.type);
    field("durable", e.durable);
    field("exclusive", e.exclusive);
    field("auto_delete", e.auto_delete);
    field("arguments", e.arguments);
    field(optional("arguments_left_out_bytes"), e.arguments.left_out_bytes);
    field(optional("connection"), e.connection);
    field(optional("channel"), e.channel);
  }
};

/// All ready messages leave the queue at once. For each a message.dropped follows; if there are very many, some in
/// later turns.
struct QueuePurged {
  static constexpr Kind kind{"queue.purged", Category::topology};
  Text vhost{};
  Text queue{};
  std::uint64_t messages{};
  std::uint64_t connection{};
  std::uint16_t channel{};

  static constexpr void describe(auto& e, auto&& field) {
    field("vhost", e.vhost);
    field("queue", e.queue);
    field("messages", e.messages);
    field(optional("connection"), e.connection);
    field(optional("channel"), e.channel);
  }
};

/// The queue is deleted, and its name is free. After this its messages are dropped, its consumers cancelled and its
/// bindings deleted; of very many, some in later turns. Unacked messages stay unacked until they are settled or
/// requeued.
struct QueueDeleted {
  static constexpr Kind kind{"queue.deleted", Category::topology};
  Text vhost{};
  Text queue{};
  Gone reason{};
  std::uint64_t messages{};  // how many were ready
  std::uint64_t connection{};
  std::uint16_t channel{};

  static constexpr void describe(auto& e, auto&& field) {
    field("vhost", e.vhost);
    field("queue", e.queue);
    field("reason", e.reason);
    field("messages", e.messages);
    field(optional("connection"), e.connection);
    field(optional("channel"), e.channel);
  }
};

/// An exchange was declared, but not passively; or a virtual host has it from the start.
struct ExchangeDeclared {
  static constexpr Kind kind{"exchange.declared", Category::topology};
  Text vhost{};
  Text exchange{};
  bool created{};  // false: an equal one was there
  Text type{};
  bool durable{};
  bool auto_delete{};
  bool internal{};
  Text alternate{};  // the exchange for what no binding matches, as its arguments say; a policy may say it too
  Arguments arguments{};
  std::uint64_t connection{};
  std::uint16_t channel{};

  static constexpr void describe(auto& e, auto&& field) {
    field("vhost", e.vhost);
    field("exchange", e.exchange);
    field("created", e.created);
    field("type", e.type);
    field("durable", e.durable);
    field("auto_delete", e.auto_delete);
    field("internal", e.internal);
    field(optional("alternate"), e.alternate);
    field("arguments", e.arguments);
    field(optional("arguments_left_out_bytes"), e.arguments.left_out_bytes);
    field(optional("connection"), e.connection);
    field(optional("channel"), e.channel);
  }
};

/// The exchange is deleted, and its name is free. After this its bindings are deleted; of very many, some in later
/// turns.
struct ExchangeDeleted {
  static constexpr Kind kind{"exchange.deleted", Category::topology};
  Text vhost{};
  Text exchange{};
  Gone reason{};
  std::uint64_t connection{};
  std::uint16_t channel{};

  static constexpr void describe(auto& e, auto&& field) {
    field("vhost", e.vhost);
    field("exchange", e.exchange);
    field("reason", e.reason);
    field(optional("connection"), e.connection);
    field(optional("channel"), e.channel);
  }
};

struct BindingCreated {
  static constexpr Kind kind{"binding.created", Category::topology};
  Text vhost{};
  Text source{};  // an exchange
  Text destination{};
  Target destination_is{};
  Text routing_key{};
  Arguments arguments{};
  std::uint64_t connection{};
  std::uint16_t channel{};

  static constexpr void describe(auto& e, auto&& field) {
    field("vhost", e.vhost);
    field("source", e.source);
    field("destination", e.destination);
    field("destination_is", e.destination_is);
    field("routing_key", e.routing_key);
    field("arguments", e.arguments);
    field(optional("arguments_left_out_bytes"), e.arguments.left_out_bytes);
    field(optional("connection"), e.connection);
    field(optional("channel"), e.channel);
  }
};

struct BindingDeleted {
  static constexpr Kind kind{"binding.deleted", Category::topology};
  Text vhost{};
  Text source{};
  Text destination{};
  Target destination_is{};
  Text routing_key{};
  Arguments arguments{};
  Gone reason{};
  std::uint64_t connection{};
  std::uint16_t channel{};

  static constexpr void describe(auto& e, auto&& field) {
    field("vhost", e.vhost);
    field("source", e.source);
    field("destination", e.destination);
    field("destination_is", e.destination_is);
    field("routing_key", e.routing_key);
    field("arguments", e.arguments);
    field(optional("arguments_left_out_bytes"), e.arguments.left_out_bytes);
    field("reason", e.reason);
    field(optional("connection"), e.connection);
    field(optional("channel"), e.channel);
  }
};

/// A consumer has started. The queue of a consumer of direct replies is "amq.rabbitmq.reply-to".
struct ConsumerStarted {
  static constexpr Kind kind{"consumer.started", Category::topology};
  Text vhost{};
  Text queue{};
  Text consumer{};  // its tag, unique on its channel
  std::uint64_t connection{};
  std::uint16_t channel{};
  AckMode ack_mode{};
  bool exclusive{};
  std::uint16_t prefetch{};  // its own, 0 for no limit
  std::int64_t priority{};
  Text reply_to{};  // of a consumer of direct replies: the `reply_to` of its requests

  static constexpr void describe(auto& e, auto&& field) {
    field("vhost", e.vhost);
    field("queue", e.queue);
    field("consumer", e.consumer);
    field("connection", e.connection);
    field("channel", e.channel);
    field("ack_mode", e.ack_mode);
    field("exclusive", e.exclusive);
    field("prefetch", e.prefetch);
    field("priority", e.priority);
    field(optional("reply_to"), e.reply_to);
  }
};

struct ConsumerCancelled {
  static constexpr Kind kind{"consumer.cancelled", Category::topology};
  Text vhost{};
  Text queue{};
  Text consumer{};
  std::uint64_t connection{};
  std::uint16_t channel{};
  Gone reason{};

  static constexpr void describe(auto& e, auto&& field) {
    field("vhost", e.vhost);
    field("queue", e.queue);
    field("consumer", e.consumer);
    field("connection", e.connection);
    field("channel", e.channel);
    field("reason", e.reason);
  }
};

/// A policy is set, or replaces one of the same name.
struct PolicySet {
  static constexpr Kind kind{"policy.set", Category::topology};
  Text vhost{};
  Text policy{};
  Text pattern{};
  Text apply_to{};  // "all", "queues", "exchanges", "classic_queues", "quorum_queues"
  std::int64_t priority{};
  Arguments settings{};

  static constexpr void describe(auto& e, auto&& field) {
    field("vhost", e.vhost);
    field("policy", e.policy);
    field("pattern", e.pattern);
    field("apply_to", e.apply_to);
    field("priority", e.priority);
    field("settings", e.settings);
    field(optional("settings_left_out_bytes"), e.settings.left_out_bytes);
  }
};

}  // namespace pocketmq::broker::event
