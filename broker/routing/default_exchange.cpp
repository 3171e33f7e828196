#include "broker/routing/default_exchange.hpp"

#include "broker/routing/routing.hpp"
#include "broker/vhost/virtual_host.hpp"

namespace pocketmq::broker {

bool DefaultExchange::route(const Message&, Routing& routing) const {
  return routing.for_each_key([&](std::string_view key) {
    if (auto* queue = virtual_host_.find_queue(key)) routing.reach(*queue);
    return true;
  });
}

}  // namespace pocketmq::broker
