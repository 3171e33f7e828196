// The exchange with no name: every queue is bound to it by the queue's own name, and nothing else ever is
// (AMQP 0-9-1, 3.1.3.1).
#pragma once

#include "broker/routing/exchange.hpp"

namespace pocketmq::broker {

class VirtualHost;

class DefaultExchange final : public Exchange {
 public:
  explicit DefaultExchange(const VirtualHost& virtual_host)
      : Exchange{{.name = "", .type = "direct", .durable = true}}, virtual_host_{virtual_host} {}

  [[nodiscard]] bool route(const Message& message, Routing& routing) const override;

 private:
  const VirtualHost& virtual_host_;
};

}  // namespace pocketmq::broker
