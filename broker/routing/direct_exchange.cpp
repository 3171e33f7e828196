#include "broker/routing/direct_exchange.hpp"

#include "broker/routing/routing.hpp"

namespace pocketmq::broker {

bool DirectExchange::route(const Message&, Routing& routing) const {
  static const BindingsOfKey none;
  return routing.for_each_key([&](std::string_view key) {
    const auto* found = by_key_.find(key);
    return routing.add_destinations(found == nullptr ? none : found->second);
  });
}

void DirectExchange::add(Binding& binding, Budget&) {
  auto* found = by_key_.find(binding.routing_key);
  if (found == nullptr) found = &by_key_.add(binding.routing_key, BindingsOfKey{});
  found->second.add(binding);
}

void DirectExchange::remove(Binding& binding, Budget&) {
  auto* found = by_key_.find(binding.routing_key);
  found->second.remove(binding);
  if (found->second.empty()) by_key_.erase(binding.routing_key);
}

}  // namespace pocketmq::broker
