#include "broker/routing/direct_exchange.hpp"

#include "broker/routing/routing.hpp"

namespace pocketmq::broker {

bool DirectExchange::route(const Message&, Routing& routing) const {
  static const BindingsOfKey none;
  return routing.for_each_key([&](std::string_view key) {
    const auto found = by_key_.find(key);
    return routing.reach_all(found == by_key_.end() ? none : found->second);
  });
}

void DirectExchange::add(Binding& binding) { by_key_[binding.routing_key].add(binding); }

void DirectExchange::remove(Binding& binding) {
  const auto found = by_key_.find(binding.routing_key);
  found->second.remove(binding);
  if (found->second.empty()) by_key_.erase(found);
}

}  // namespace pocketmq::broker
