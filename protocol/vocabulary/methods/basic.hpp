// The methods of class basic (AMQP 0-9-1 1.8).
#pragma once

#include "protocol/vocabulary/wire_types.hpp"

namespace pocketmq::protocol::basic {

struct QosOk;
struct ConsumeOk;
struct CancelOk;

struct Qos {
  static constexpr MethodId id{60, 10, "basic.qos"};
  using Reply = QosOk;
  std::uint32_t prefetch_size{};
  std::uint16_t prefetch_count{};
  bool global{};

  static constexpr void describe(auto& m, auto&& field) {
    field("prefetch_size", m.prefetch_size);
    field("prefetch_count", m.prefetch_count);
    field("global", m.global);
  }
  friend bool operator==(const Qos&, const Qos&) = default;
};

struct QosOk {
  static constexpr MethodId id{60, 11, "basic.qos-ok"};

  static constexpr void describe(auto&, auto&&) {}
  friend bool operator==(const QosOk&, const QosOk&) = default;
};

struct Consume {
  static constexpr MethodId id{60, 20, "basic.consume"};
  using Reply = ConsumeOk;
  std::uint16_t reserved_1{};
  ShortString queue{};
  ShortString consumer_tag{};
  bool no_local{};
  bool no_ack{};
  bool exclusive{};
  bool no_wait{};
  FieldTable arguments{};

  static constexpr void describe(auto& m, auto&& field) {
    field(reserved, m.reserved_1);
    field("queue", m.queue);
    field("consumer_tag", m.consumer_tag);
    field("no_local", m.no_local);
    field("no_ack", m.no_ack);
    field("exclusive", m.exclusive);
    field("no_wait", m.no_wait);
    field("arguments", m.arguments);
  }
  friend bool operator==(const Consume&, const Consume&) = default;
};

struct ConsumeOk {
  static constexpr MethodId id{60, 21, "basic.consume-ok"};
  ShortString consumer_tag{};

  static constexpr void describe(auto& m, auto&& field) { field("consumer_tag", m.consumer_tag); }
  friend bool operator==(const ConsumeOk&, const ConsumeOk&) = default;
};

struct Cancel {
  static constexpr MethodId id{60, 30, "basic.cancel"};
  using Reply = CancelOk;
  ShortString consumer_tag{};
  bool no_wait{};

  static constexpr void describe(auto& m, auto&& field) {
    field("consumer_tag", m.consumer_tag);
    field("no_wait", m.no_wait);
  }
  friend bool operator==(const Cancel&, const Cancel&) = default;
};

struct CancelOk {
  static constexpr MethodId id{60, 31, "basic.cancel-ok"};
  ShortString consumer_tag{};

  static constexpr void describe(auto& m, auto&& field) { field("consumer_tag", m.consumer_tag); }
  friend bool operator==(const CancelOk&, const CancelOk&) = default;
};

struct Publish {
  static constexpr MethodId id{60, 40, "basic.publish"};
  static constexpr bool has_content = true;
  static constexpr std::string_view required = "routing_key";
  std::uint16_t reserved_1{};
  ShortString exchange{};
  ShortString routing_key{};
  bool mandatory{};
  bool immediate{};

  static constexpr void describe(auto& m, auto&& field) {
    field(reserved, m.reserved_1);
    field("exchange", m.exchange);
    field("routing_key", m.routing_key);
    field("mandatory", m.mandatory);
    field("immediate", m.immediate);
  }
  friend bool operator==(const Publish&, const Publish&) = default;
};

struct Return {
  static constexpr MethodId id{60, 50, "basic.return"};
  static constexpr bool has_content = true;
  std::uint16_t reply_code{};
  ShortString reply_text{};
  ShortString exchange{};
  ShortString routing_key{};

  static constexpr void describe(auto& m, auto&& field) {
    field("reply_code", m.reply_code);
    field("reply_text", m.reply_text);
    field("exchange", m.exchange);
    field("routing_key", m.routing_key);
  }
  friend bool operator==(const Return&, const Return&) = default;
};

struct Deliver {
  static constexpr MethodId id{60, 60, "basic.deliver"};
  static constexpr bool has_content = true;
  ShortString consumer_tag{};
  std::uint64_t delivery_tag{};
  bool redelivered{};
  ShortString exchange{};
  ShortString routing_key{};

  static constexpr void describe(auto& m, auto&& field) {
    field("consumer_tag", m.consumer_tag);
    field("delivery_tag", m.delivery_tag);
    field("redelivered", m.redelivered);
    field("exchange", m.exchange);
    field("routing_key", m.routing_key);
  }
  friend bool operator==(const Deliver&, const Deliver&) = default;
};

struct Get {
  static constexpr MethodId id{60, 70, "basic.get"};
  std::uint16_t reserved_1{};
  ShortString queue{};
  bool no_ack{};

  static constexpr void describe(auto& m, auto&& field) {
    field(reserved, m.reserved_1);
    field("queue", m.queue);
    field("no_ack", m.no_ack);
  }
  friend bool operator==(const Get&, const Get&) = default;
};

struct GetOk {
  static constexpr MethodId id{60, 71, "basic.get-ok"};
  static constexpr bool has_content = true;
  std::uint64_t delivery_tag{};
  bool redelivered{};
  ShortString exchange{};
  ShortString routing_key{};
  std::uint32_t message_count{};

  static constexpr void describe(auto& m, auto&& field) {
    field("delivery_tag", m.delivery_tag);
    field("redelivered", m.redelivered);
    field("exchange", m.exchange);
    field("routing_key", m.routing_key);
    field("message_count", m.message_count);
  }
  friend bool operator==(const GetOk&, const GetOk&) = default;
};

struct GetEmpty {
  static constexpr MethodId id{60, 72, "basic.get-empty"};
  ShortString reserved_1{};

  static constexpr void describe(auto& m, auto&& field) { field(reserved, m.reserved_1); }
  friend bool operator==(const GetEmpty&, const GetEmpty&) = default;
};

struct Ack {
  static constexpr MethodId id{60, 80, "basic.ack"};
  static constexpr std::string_view required = "delivery_tag";
  std::uint64_t delivery_tag{};
  bool multiple{};

  static constexpr void describe(auto& m, auto&& field) {
    field("delivery_tag", m.delivery_tag);
    field("multiple", m.multiple);
  }
  friend bool operator==(const Ack&, const Ack&) = default;
};

struct Reject {
  static constexpr MethodId id{60, 90, "basic.reject"};
  static constexpr std::string_view required = "delivery_tag";
  std::uint64_t delivery_tag{};
  bool requeue{};

  static constexpr void describe(auto& m, auto&& field) {
    field("delivery_tag", m.delivery_tag);
    field("requeue", m.requeue);
  }
  friend bool operator==(const Reject&, const Reject&) = default;
};

struct RecoverAsync {
  static constexpr MethodId id{60, 100, "basic.recover-async"};
  bool requeue{};

  static constexpr void describe(auto& m, auto&& field) { field("requeue", m.requeue); }
  friend bool operator==(const RecoverAsync&, const RecoverAsync&) = default;
};

struct Recover {
  static constexpr MethodId id{60, 110, "basic.recover"};
  bool requeue{};

  static constexpr void describe(auto& m, auto&& field) { field("requeue", m.requeue); }
  friend bool operator==(const Recover&, const Recover&) = default;
};

struct RecoverOk {
  static constexpr MethodId id{60, 111, "basic.recover-ok"};

  static constexpr void describe(auto&, auto&&) {}
  friend bool operator==(const RecoverOk&, const RecoverOk&) = default;
};

struct Nack {
  static constexpr MethodId id{60, 120, "basic.nack"};
  static constexpr std::string_view required = "delivery_tag";
  std::uint64_t delivery_tag{};
  bool multiple{};
  bool requeue{};

  static constexpr void describe(auto& m, auto&& field) {
    field("delivery_tag", m.delivery_tag);
    field("multiple", m.multiple);
    field("requeue", m.requeue);
  }
  friend bool operator==(const Nack&, const Nack&) = default;
};

}  // namespace pocketmq::protocol::basic
