// The methods of class access (AMQP 0-9-1 of AMQP 0-9, kept by RabbitMQ).
#pragma once

#include "protocol/vocabulary/wire_types.hpp"

namespace pocketmq::protocol::access {

struct RequestOk;

struct Request {
  static constexpr MethodId id{30, 10, "access.request"};
  using Reply = RequestOk;
  ShortString realm{};
  bool exclusive{};
  bool passive{};
  bool active{};
  bool write{};
  bool read{};

  static constexpr void describe(auto& m, auto&& field) {
    field("realm", m.realm);
    field("exclusive", m.exclusive);
    field("passive", m.passive);
    field("active", m.active);
    field("write", m.write);
    field("read", m.read);
  }
  friend bool operator==(const Request&, const Request&) = default;
};

struct RequestOk {
  static constexpr MethodId id{30, 11, "access.request-ok"};
  std::uint16_t ticket{};

  static constexpr void describe(auto& m, auto&& field) { field("ticket", m.ticket); }
  friend bool operator==(const RequestOk&, const RequestOk&) = default;
};

}  // namespace pocketmq::protocol::access
