// The exchange whose name is empty. Each queue is bound to it by the queue's name, and there are no other bindings
// (AMQP 0-9-1, 3.1.3.1).
#pragma once

#include "broker/routing/exchange.hpp"
#include "broker/routing/exchange_directory.hpp"

namespace pocketmq::broker {

class DefaultExchange final : public Exchange {
 public:
  explicit DefaultExchange(const ExchangeDirectory& directory)
      : Exchange{{.name = "", .type = "direct", .durable = true}}, directory_{directory} {}

  [[nodiscard]] bool route(const Message& message, Routing& routing) const override;

 private:
  const ExchangeDirectory& directory_;
};

}  // namespace pocketmq::broker
