#include "broker/control/testbed.hpp"

#include "broker/session/broker.hpp"

namespace pocketmq::broker {

Testbed::Testbed(Broker& broker) : broker_{broker}, clock_{broker.context()}, scopes_{broker}, restart_{broker} {}

}  // namespace pocketmq::broker
