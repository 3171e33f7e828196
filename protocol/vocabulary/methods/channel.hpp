// The methods of class channel (AMQP 0-9-1 1.5).
#pragma once

#include "protocol/vocabulary/wire_types.hpp"

namespace pocketmq::protocol::channel {

struct OpenOk;
struct FlowOk;
struct CloseOk;

struct Open {
  static constexpr MethodId id{20, 10, "channel.open"};
  using Reply = OpenOk;
  ShortString reserved_1{};

  static constexpr void describe(auto& m, auto&& field) { field(reserved, m.reserved_1); }
  friend bool operator==(const Open&, const Open&) = default;
};

struct OpenOk {
  static constexpr MethodId id{20, 11, "channel.open-ok"};
  LongString reserved_1{};

  static constexpr void describe(auto& m, auto&& field) { field(reserved, m.reserved_1); }
  friend bool operator==(const OpenOk&, const OpenOk&) = default;
};

struct Flow {
  static constexpr MethodId id{20, 20, "channel.flow"};
  using Reply = FlowOk;
  bool active{};

  static constexpr void describe(auto& m, auto&& field) { field("active", m.active); }
  friend bool operator==(const Flow&, const Flow&) = default;
};

struct FlowOk {
  static constexpr MethodId id{20, 21, "channel.flow-ok"};
  bool active{};

  static constexpr void describe(auto& m, auto&& field) { field("active", m.active); }
  friend bool operator==(const FlowOk&, const FlowOk&) = default;
};

struct Close {
  static constexpr MethodId id{20, 40, "channel.close"};
  using Reply = CloseOk;
  std::uint16_t reply_code{};
  ShortString reply_text{};
  std::uint16_t class_id{};
  std::uint16_t method_id{};

  static constexpr void describe(auto& m, auto&& field) {
    field("reply_code", m.reply_code);
    field("reply_text", m.reply_text);
    field("class_id", m.class_id);
    field("method_id", m.method_id);
  }
  friend bool operator==(const Close&, const Close&) = default;
};

struct CloseOk {
  static constexpr MethodId id{20, 41, "channel.close-ok"};

  static constexpr void describe(auto&, auto&&) {}
  friend bool operator==(const CloseOk&, const CloseOk&) = default;
};

}  // namespace pocketmq::protocol::channel
