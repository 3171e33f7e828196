#include "broker/direct_exchange.hpp"

#include "broker/router.hpp"

namespace pocketmq::broker {

void DirectExchange::route(const Message&, Router& router) const {
  for (const auto key : router.routing_keys()) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) continue;
    for (const auto* binding : found->second) router.reach(binding->destination);
  }
}

void DirectExchange::add(Binding& binding) { by_key_[binding.routing_key].add(binding); }

void DirectExchange::remove(Binding& binding) {
  const auto found = by_key_.find(binding.routing_key);
  found->second.remove(binding);
  if (found->second.empty()) by_key_.erase(found);
}

}  // namespace pocketmq::broker
