// A direct exchange routes a message to each binding whose routing key equals the message's (AMQP 0-9-1, 3.1.3.1).
#pragma once

#include "broker/core/by_name.hpp"
#include "broker/routing/exchange.hpp"

namespace pocketmq::broker {

class DirectExchange final : public Exchange {
 public:
  using Exchange::Exchange;

  [[nodiscard]] bool route(const Message& message, Routing& routing) const override;

 private:
  void add(Binding& binding, Budget& budget) override;
  void remove(Binding& binding, Budget& budget) override;

  ByName<BindingsOfKey> by_key_;  // no list is empty
};

}  // namespace pocketmq::broker
