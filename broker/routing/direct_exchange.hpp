// A direct exchange: a message goes where its routing key is the binding's (AMQP 0-9-1, 3.1.3.1).
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

  ByName<BindingsOfKey> by_key_;  // none of them empty
};

}  // namespace pocketmq::broker
