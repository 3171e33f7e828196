// The methods of class exchange (AMQP 0-9-1 1.6).
#pragma once

#include "protocol/vocabulary/wire_types.hpp"

namespace pocketmq::protocol::exchange {

struct DeclareOk;
struct DeleteOk;
struct BindOk;
struct UnbindOk;

struct Declare {
  static constexpr MethodId id{40, 10, "exchange.declare"};
  using Reply = DeclareOk;
  std::uint16_t reserved_1{};
  ShortString exchange{};
  ShortString type{};
  bool passive{};
  bool durable{};
  bool auto_delete{};
  bool internal{};
  bool no_wait{};
  FieldTable arguments{};

  static constexpr void describe(auto& m, auto&& field) {
    field(reserved, m.reserved_1);
    field("exchange", m.exchange);
    field("type", m.type);
    field("passive", m.passive);
    field("durable", m.durable);
    field("auto_delete", m.auto_delete);
    field("internal", m.internal);
    field("no_wait", m.no_wait);
    field("arguments", m.arguments);
  }
  friend bool operator==(const Declare&, const Declare&) = default;
};

struct DeclareOk {
  static constexpr MethodId id{40, 11, "exchange.declare-ok"};

  static constexpr void describe(auto&, auto&&) {}
  friend bool operator==(const DeclareOk&, const DeclareOk&) = default;
};

struct Delete {
  static constexpr MethodId id{40, 20, "exchange.delete"};
  using Reply = DeleteOk;
  std::uint16_t reserved_1{};
  ShortString exchange{};
  bool if_unused{};
  bool no_wait{};

  static constexpr void describe(auto& m, auto&& field) {
    field(reserved, m.reserved_1);
    field("exchange", m.exchange);
    field("if_unused", m.if_unused);
    field("no_wait", m.no_wait);
  }
  friend bool operator==(const Delete&, const Delete&) = default;
};

struct DeleteOk {
  static constexpr MethodId id{40, 21, "exchange.delete-ok"};

  static constexpr void describe(auto&, auto&&) {}
  friend bool operator==(const DeleteOk&, const DeleteOk&) = default;
};

struct Bind {
  static constexpr MethodId id{40, 30, "exchange.bind"};
  using Reply = BindOk;
  std::uint16_t reserved_1{};
  ShortString destination{};
  ShortString source{};
  ShortString routing_key{};
  bool no_wait{};
  FieldTable arguments{};

  static constexpr void describe(auto& m, auto&& field) {
    field(reserved, m.reserved_1);
    field("destination", m.destination);
    field("source", m.source);
    field("routing_key", m.routing_key);
    field("no_wait", m.no_wait);
    field("arguments", m.arguments);
  }
  friend bool operator==(const Bind&, const Bind&) = default;
};

struct BindOk {
  static constexpr MethodId id{40, 31, "exchange.bind-ok"};

  static constexpr void describe(auto&, auto&&) {}
  friend bool operator==(const BindOk&, const BindOk&) = default;
};

struct Unbind {
  static constexpr MethodId id{40, 40, "exchange.unbind"};
  using Reply = UnbindOk;
  std::uint16_t reserved_1{};
  ShortString destination{};
  ShortString source{};
  ShortString routing_key{};
  bool no_wait{};
  FieldTable arguments{};

  static constexpr void describe(auto& m, auto&& field) {
    field(reserved, m.reserved_1);
    field("destination", m.destination);
    field("source", m.source);
    field("routing_key", m.routing_key);
    field("no_wait", m.no_wait);
    field("arguments", m.arguments);
  }
  friend bool operator==(const Unbind&, const Unbind&) = default;
};

struct UnbindOk {
  static constexpr MethodId id{40, 51, "exchange.unbind-ok"};

  static constexpr void describe(auto&, auto&&) {}
  friend bool operator==(const UnbindOk&, const UnbindOk&) = default;
};

}  // namespace pocketmq::protocol::exchange
