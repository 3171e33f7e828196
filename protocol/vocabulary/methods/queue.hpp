// The methods of class queue (AMQP 0-9-1 1.7).
#pragma once

#include "protocol/vocabulary/wire_types.hpp"

namespace pocketmq::protocol::queue {

struct DeclareOk;
struct BindOk;
struct PurgeOk;
struct DeleteOk;
struct UnbindOk;

struct Declare {
  static constexpr MethodId id{50, 10, "queue.declare"};
  using Reply = DeclareOk;
  std::uint16_t reserved_1{};
  ShortString queue{};
  bool passive{};
  bool durable{};
  bool exclusive{};
  bool auto_delete{};
  bool no_wait{};
  FieldTable arguments{};

  static constexpr void describe(auto& m, auto&& field) {
    field(reserved, m.reserved_1);
    field("queue", m.queue);
    field("passive", m.passive);
    field("durable", m.durable);
    field("exclusive", m.exclusive);
    field("auto_delete", m.auto_delete);
    field("no_wait", m.no_wait);
    field("arguments", m.arguments);
  }
  friend bool operator==(const Declare&, const Declare&) = default;
};

struct DeclareOk {
  static constexpr MethodId id{50, 11, "queue.declare-ok"};
  ShortString queue{};
  std::uint32_t message_count{};
  std::uint32_t consumer_count{};

  static constexpr void describe(auto& m, auto&& field) {
    field("queue", m.queue);
    field("message_count", m.message_count);
    field("consumer_count", m.consumer_count);
  }
  friend bool operator==(const DeclareOk&, const DeclareOk&) = default;
};

struct Bind {
  static constexpr MethodId id{50, 20, "queue.bind"};
  using Reply = BindOk;
  std::uint16_t reserved_1{};
  ShortString queue{};
  ShortString exchange{};
  ShortString routing_key{};
  bool no_wait{};
  FieldTable arguments{};

  static constexpr void describe(auto& m, auto&& field) {
    field(reserved, m.reserved_1);
    field("queue", m.queue);
    field("exchange", m.exchange);
    field("routing_key", m.routing_key);
    field("no_wait", m.no_wait);
    field("arguments", m.arguments);
  }
  friend bool operator==(const Bind&, const Bind&) = default;
};

struct BindOk {
  static constexpr MethodId id{50, 21, "queue.bind-ok"};

  static constexpr void describe(auto&, auto&&) {}
  friend bool operator==(const BindOk&, const BindOk&) = default;
};

struct Purge {
  static constexpr MethodId id{50, 30, "queue.purge"};
  using Reply = PurgeOk;
  std::uint16_t reserved_1{};
  ShortString queue{};
  bool no_wait{};

  static constexpr void describe(auto& m, auto&& field) {
    field(reserved, m.reserved_1);
    field("queue", m.queue);
    field("no_wait", m.no_wait);
  }
  friend bool operator==(const Purge&, const Purge&) = default;
};

struct PurgeOk {
  static constexpr MethodId id{50, 31, "queue.purge-ok"};
  std::uint32_t message_count{};

  static constexpr void describe(auto& m, auto&& field) { field("message_count", m.message_count); }
  friend bool operator==(const PurgeOk&, const PurgeOk&) = default;
};

struct Delete {
  static constexpr MethodId id{50, 40, "queue.delete"};
  using Reply = DeleteOk;
  std::uint16_t reserved_1{};
  ShortString queue{};
  bool if_unused{};
  bool if_empty{};
  bool no_wait{};

  static constexpr void describe(auto& m, auto&& field) {
    field(reserved, m.reserved_1);
    field("queue", m.queue);
    field("if_unused", m.if_unused);
    field("if_empty", m.if_empty);
    field("no_wait", m.no_wait);
  }
  friend bool operator==(const Delete&, const Delete&) = default;
};

struct DeleteOk {
  static constexpr MethodId id{50, 41, "queue.delete-ok"};
  std::uint32_t message_count{};

  static constexpr void describe(auto& m, auto&& field) { field("message_count", m.message_count); }
  friend bool operator==(const DeleteOk&, const DeleteOk&) = default;
};

struct Unbind {
  static constexpr MethodId id{50, 50, "queue.unbind"};
  using Reply = UnbindOk;
  std::uint16_t reserved_1{};
  ShortString queue{};
  ShortString exchange{};
  ShortString routing_key{};
  FieldTable arguments{};

  static constexpr void describe(auto& m, auto&& field) {
    field(reserved, m.reserved_1);
    field("queue", m.queue);
    field("exchange", m.exchange);
    field("routing_key", m.routing_key);
    field("arguments", m.arguments);
  }
  friend bool operator==(const Unbind&, const Unbind&) = default;
};

struct UnbindOk {
  static constexpr MethodId id{50, 51, "queue.unbind-ok"};

  static constexpr void describe(auto&, auto&&) {}
  friend bool operator==(const UnbindOk&, const UnbindOk&) = default;
};

}  // namespace pocketmq::protocol::queue
