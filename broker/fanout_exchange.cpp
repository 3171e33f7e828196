#include "broker/fanout_exchange.hpp"

#include "broker/router.hpp"

namespace pocketmq::broker {

void FanoutExchange::route(const Message&, Router& router) const {
  for (const auto* binding : bindings()) router.reach(binding->destination);
}

}  // namespace pocketmq::broker
