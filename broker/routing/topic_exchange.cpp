#include "broker/routing/topic_exchange.hpp"

#include "broker/routing/routing.hpp"

namespace pocketmq::broker {

bool TopicExchange::route(const Message&, Routing& routing) const {
  return routing.for_each_key([&](std::string_view key) {
    return patterns_.match(key, routing.topic_walk(), routing.budget(),
                           [&](const BindingsOfKey& bindings) { return routing.add_destinations(bindings); });
  });
}

}  // namespace pocketmq::broker
