// A fanout exchange routes a message along all its bindings (AMQP 0-9-1, 3.1.3.2).
#pragma once

#include "broker/routing/exchange.hpp"

namespace pocketmq::broker {

class FanoutExchange final : public Exchange {
 public:
  using Exchange::Exchange;

  [[nodiscard]] bool route(const Message& message, Routing& routing) const override;
};

}  // namespace pocketmq::broker
