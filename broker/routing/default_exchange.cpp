#include "broker/routing/default_exchange.hpp"

#include "broker/routing/routing.hpp"

namespace pocketmq::broker {

bool DefaultExchange::route(const Message&, Routing& routing) const {
  return routing.for_each_key([&](std::string_view key) {
    if (auto* queue = directory_.find_queue(key)) routing.add_queue(*queue);
    return true;
  });
}

}  // namespace pocketmq::broker
