#include "broker/queue/consumer.hpp"

#include <utility>

namespace pocketmq::broker {

Consumer::Consumer(protocol::Ref<DeliverySink> sink, protocol::Ref<MessageSource> queue, Settings settings,
                   Quota& quota)
    : sink_{std::move(sink)},
      queue_{std::move(queue)},
      settings_{std::move(settings)},
      counted_{quota},
      prefetch_{new Prefetch{*this, settings_.prefetch}} {
  queue_->attach(*this);
}

Consumer::~Consumer() {
  prefetch_->end();
  leave_queue();
}

void Consumer::leave_queue() {
  if (!queue_) return;
  std::exchange(queue_, {})->detach(*this);
  let_go();
}

void Consumer::on_queue_deleted() {
  if (sink_->target != nullptr)
    sink_->target->cancel_for_deleted_queue(*this);
  else
    leave_queue();  // it goes with its channel's
}

// Without acks it takes nothing of the channel's prefetch, but waits as the others do while that is used up.
bool Consumer::can_take() const { return sink_->target != nullptr && prefetch_->allows() && sink_->target->has_room(); }

void Consumer::take(Queue& from, QueuedMessage&& message) {
  if (settings_.ack_mode == AckMode::manual) prefetch_->take();
  sink_->target->send_delivery(*this, from, std::move(message));
}

// With a limit that is shared, who has just acked stands in line with the others.
void Consumer::on_prefetch_released() {
  auto* channel = sink_->target;
  if (channel == nullptr) return;
  if (!channel->shares_prefetch()) return resume();
  if (held_) wait_for_channel();
  channel->ask_waiting_consumers();
}

void Consumer::hold() {
  held_ = true;
  if (prefetch_->allows()) wait_for_channel();
}

void Consumer::wait_for_channel() {
  if (!own_entry_.empty()) sink_->waiting.splice(sink_->waiting.end(), own_entry_);
}

void Consumer::let_go() {
  held_ = false;
  if (own_entry_.empty()) own_entry_.splice(own_entry_.end(), sink_->waiting, entry_);
}

}  // namespace pocketmq::broker
