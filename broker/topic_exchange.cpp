#include "broker/topic_exchange.hpp"

#include "broker/router.hpp"

namespace pocketmq::broker {

void TopicExchange::route(const Message&, Router& router) const {
  for (const auto key : router.routing_keys())
    patterns_.match(key, [&](const Binding& binding) { router.reach(binding.destination); });
}

}  // namespace pocketmq::broker
