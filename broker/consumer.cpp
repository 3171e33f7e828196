#include "broker/consumer.hpp"

#include "broker/channel.hpp"

namespace pocketmq::broker {

Consumer::Consumer(Channel& channel, protocol::Ref<Queue> queue, Settings settings, Quota& quota)
    : channel_{channel}, queue_{std::move(queue)}, settings_{std::move(settings)}, counted_{quota} {
  queue_->attach(*this);
}

Consumer::~Consumer() { queue_->detach(*this); }

bool Consumer::can_take() const {
  if (settings_.ack_mode == AckMode::automatic) return channel_.has_room_for_output();
  const bool prefetch_allows = settings_.prefetch == 0 || unacked_ < settings_.prefetch;
  return prefetch_allows && channel_.prefetch_allows() && channel_.has_room_for_output();
}

void Consumer::deliver(QueuedMessage message) {
  if (settings_.ack_mode == AckMode::manual) ++unacked_;
  channel_.deliver(*this, std::move(message));
}

}  // namespace pocketmq::broker
