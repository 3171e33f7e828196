#include "broker/routing/fanout_exchange.hpp"

#include "broker/routing/routing.hpp"

namespace pocketmq::broker {

bool FanoutExchange::route(const Message&, Routing& routing) const { return routing.add_destinations(bindings()); }

}  // namespace pocketmq::broker
