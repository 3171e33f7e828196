// The methods of class confirm (AMQP 0-9-1 RabbitMQ's extension).
#pragma once

#include "protocol/vocabulary/wire_types.hpp"

namespace pocketmq::protocol::confirm {

struct SelectOk;

struct Select {
  static constexpr MethodId id{85, 10, "confirm.select"};
  using Reply = SelectOk;
  bool no_wait{};

  static constexpr void describe(auto& m, auto&& field) { field("no_wait", m.no_wait); }
  friend bool operator==(const Select&, const Select&) = default;
};

struct SelectOk {
  static constexpr MethodId id{85, 11, "confirm.select-ok"};

  static constexpr void describe(auto&, auto&&) {}
  friend bool operator==(const SelectOk&, const SelectOk&) = default;
};

}  // namespace pocketmq::protocol::confirm
