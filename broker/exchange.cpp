#include "broker/exchange.hpp"

#include "broker/virtual_host.hpp"

namespace pocketmq::broker {

void DefaultExchange::route(std::string_view routing_key, std::vector<Queue*>& into) const {
  if (auto* queue = virtual_host_.find_queue(routing_key)) into.push_back(queue);
}

}  // namespace pocketmq::broker
