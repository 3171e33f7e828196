#include "broker/consumer.hpp"

#include "broker/channel.hpp"

namespace pocketmq::broker {

Consumer::Consumer(Channel& channel, protocol::Ref<Queue> queue, Settings settings, Quota& quota)
    : channel_{channel},
      queue_{std::move(queue)},
      settings_{std::move(settings)},
      counted_{quota},
      prefetch_{new Prefetch{*this, settings_.prefetch}} {
  queue_->attach(*this);
}

Consumer::~Consumer() {
  prefetch_->end();
  queue_->detach(*this);
  let_go();
}

bool Consumer::can_take() const {
  if (settings_.ack_mode == AckMode::automatic) return channel_.has_room_for_output();
  return prefetch_->allows() && channel_.prefetch_allows() && channel_.has_room_for_output();
}

void Consumer::deliver(QueuedMessage&& message) {
  if (settings_.ack_mode == AckMode::manual) prefetch_->take();
  channel_.deliver(*this, std::move(message));
}

// With a limit that is shared, who has just acked stands in line with the others.
void Consumer::prefetch_was_released() {
  if (!channel_.shares_prefetch()) return resume();
  if (held_) wait_for_channel();
  channel_.share_out_prefetch();
}

void Consumer::hold() {
  held_ = true;
  if (prefetch_->allows()) wait_for_channel();
}

void Consumer::wait_for_channel() {
  if (!own_entry_.empty()) channel_.waiting().splice(channel_.waiting().end(), own_entry_);
}

void Consumer::let_go() {
  held_ = false;
  if (own_entry_.empty()) own_entry_.splice(own_entry_.end(), channel_.waiting(), entry_);
}

}  // namespace pocketmq::broker
