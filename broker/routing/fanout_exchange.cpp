#include "broker/routing/fanout_exchange.hpp"

#include "broker/routing/routing.hpp"

namespace pocketmq::broker {

bool FanoutExchange::route(const Message&, Routing& routing) const { return routing.reach_all(bindings()); }

}  // namespace pocketmq::broker
