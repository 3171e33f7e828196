#include "broker/router.hpp"

#include "broker/exchange.hpp"
#include "broker/message.hpp"
#include "broker/virtual_host.hpp"

namespace pocketmq::broker {

const std::vector<Queue*>& Router::route(const Exchange& first, const Message& message) {
  ++round_;
  queues_.clear();
  exchanges_.assign(1, &first);
  first.reached_in_ = round_;
  routing_keys_.clear();
  message.append_routing_keys(routing_keys_);
  for (std::size_t i = 0; i < exchanges_.size(); ++i) {
    const auto& exchange = *exchanges_[i];
    reached_any_ = false;
    exchange.route(message, *this);
    if (reached_any_ || !exchange.alternate()) continue;
    if (auto* alternate = virtual_host_.find_exchange(*exchange.alternate())) reach(*alternate);
  }
  return queues_;
}

void Router::reach(Destination& destination) {
  if (destination.deleted()) return;
  reached_any_ = true;
  if (destination.reached_in_ == round_) return;
  destination.reached_in_ = round_;
  destination.join(*this);
}

}  // namespace pocketmq::broker
