#include "broker/default_exchange.hpp"

#include "broker/router.hpp"
#include "broker/virtual_host.hpp"

namespace pocketmq::broker {

void DefaultExchange::route(const Message&, Router& router) const {
  for (const auto key : router.routing_keys())
    if (auto* queue = virtual_host_.find_queue(key)) router.reach(*queue);
}

}  // namespace pocketmq::broker
