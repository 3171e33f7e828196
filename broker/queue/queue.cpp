#include "broker/queue/queue.hpp"

#include <algorithm>
#include <cassert>

#include "broker/message/deferred_drops.hpp"
#include "broker/queue/publisher.hpp"

namespace pocketmq::broker {
namespace {

ConsumerRotation::Rule rule_of(const QueueSettings& settings) {
  return settings.single_active_consumer ? ConsumerRotation::Rule::one_at_a_time : ConsumerRotation::Rule::all_in_turn;
}

// Why a message is dropped if its queue has no dead-letter exchange.
event::Dropped dropped_for(DeathReason reason) {
  switch (reason) {
    case DeathReason::rejected: return event::Dropped::rejected;
    case DeathReason::expired: return event::Dropped::expired;
    case DeathReason::maxlen: return event::Dropped::maxlen;
    case DeathReason::delivery_limit: break;
  }
  return event::Dropped::delivery_limit;
}

// Calls a queue's serve_consumers in another slice.
class ServeConsumers final : public Backlog::Item {
 public:
  ServeConsumers(Backlog& backlog, Queue& queue, bool& is_in_backlog)
      : Item{backlog}, queue_{&queue}, is_in_backlog_{is_in_backlog} {
    is_in_backlog_ = true;
  }

  bool go_on() override {
    is_in_backlog_ = false;
    queue_->serve_consumers();
    return true;
  }

 private:
  const protocol::Ref<Queue> queue_;
  bool& is_in_backlog_;  // a member of the queue
};

}  // namespace

Queue::Queue(QueueDeclaration declaration, std::shared_ptr<const QueueSettings> settings, Context& context,
             QueueHost& host)
    : declaration_{std::move(declaration)},
      settings_{std::move(settings)},
      context_{context},
      host_{host},
      rotation_{rule_of(*settings_)},
      consumers_due_{context.deadlines(), *this, &Queue::serve_consumers},
      unused_due_{context.deadlines(), *this, &Queue::expire_if_unused} {
  mark_used();
}

// ---- enqueue, settle and requeue

void Queue::enqueue(Message message, Publisher& publisher, std::uint64_t publish) {
  context_.budget().use(steps::for_a_queued_message);
  if (refuses(message)) return refuse(std::move(message), publisher, publish);
  context_.tell(&Observer::on_enqueued, *this, message);
  auto queued = to_queued(std::move(message));
  events().enqueued(queued);
  publisher.accepted(publish);
  // A consumer can only wait if the queue is empty. It gets the message before its time to live, which may be 0, is
  // checked.
  const bool may_be_first = ready_.empty() && batches_awaited_ == 0;
  if (auto* consumer = may_be_first ? rotation_.next(context_.budget()) : nullptr)
    return hand_to_consumer(std::move(queued), *consumer);
  ready_.append(std::move(queued));
  serve_consumers();
}

QueuedMessage Queue::to_queued(Message message) {
  QueuedMessage queued{.position = next_position_++};
  auto time_to_live = message.time_to_live();
  if (settings_->message_ttl)
    time_to_live = std::min(time_to_live.value_or(*settings_->message_ttl), *settings_->message_ttl);
  if (time_to_live) queued.expires_at = context_.now() + *time_to_live;
  if (settings_->max_priority > 0)
    queued.priority = std::min(message.properties().find<&protocol::BasicProperties::priority>().value_or(0),
                               settings_->max_priority);
  message.charge_to(context_.memory());
  context_.memory().charge(Message::entry_bytes);
  queued.message = std::move(message);
  return queued;
}

void Queue::hand_to_consumer(QueuedMessage&& message, Consumer& consumer) {
  context_.budget().use(steps::for_a_delivery);
  ++unacked_;
  consumer.take(*this, std::move(message));
}

void Queue::release_entry() { context_.memory().release(Message::entry_bytes); }

Message Queue::remove_first() {
  release_entry();
  return ready_.pop_front().message;
}

// A quorum queue counts how often a message returns, and puts it behind earlier returns. Without a delivery limit,
// messages that a client requeued go to the queue's end, as on RabbitMQ.
void Queue::put_back(QueuedMessage&& message, const Settler& by, std::uint64_t tag) {
  --unacked_;
  if (deleted()) {
    release_entry();
    events().dropped(message.message, event::Stage::queue, event::Dropped::queue_deleted);
    return context_.tell(&Observer::on_dropped, message.message);
  }
  if (is_quorum()) {
    if (++message.returns > settings_->delivery_limit.value_or(INT64_MAX)) {
      release_entry();
      return dead_letter_or_drop(std::move(message.message), DeathReason::delivery_limit);
    }
    message.position = next_position_++;
  }
  context_.tell(&Observer::on_requeued, *this, message.message);
  message.redelivered = true;
  const bool at_end = is_quorum() && !settings_->delivery_limit && by.has_asked();
  events().requeued(message, by, tag, at_end);
  if (at_end)
    ready_.append(std::move(message));
  else
    ready_.put_back(std::move(message));
  drop_surplus();
}

bool Queue::await_batch(std::uint64_t batch) {
  if (std::exchange(last_batch_, batch) == batch) return false;
  ++batches_awaited_;
  return true;
}

void Queue::batch_is_back() {
  --batches_awaited_;
  serve_consumers();
}

void Queue::settle(const QueuedMessage& message, const Settler& by, std::uint64_t tag) {
  events().acked(message, by, tag);
  --unacked_;
  release_entry();
  context_.tell(&Observer::on_acked, *this, message.message);
}

void Queue::reject(const QueuedMessage& message, const Settler& by, std::uint64_t tag) {
  --unacked_;
  release_entry();
  events().rejected(message, by, tag);
  dead_letter_or_drop(message.message, DeathReason::rejected);
}

bool Queue::clear_head() {
  if (drop_surplus() && drop_expired()) return true;
  serve_consumers_later();
  return false;
}

std::optional<QueuedMessage> Queue::take() {
  mark_used();
  if (ready_.empty()) return std::nullopt;
  ++unacked_;
  auto taken = ready_.pop_front();
  clear_head();
  watch_expiry();
  return taken;
}

std::size_t Queue::purge() {
  events().purged(ready());
  return drop_ready(event::Dropped::purged);
}

std::size_t Queue::drop_ready(event::Dropped reason) {
  ReadyMessages dropped{context_.memory()};
  std::swap(dropped, ready_);
  const auto count = dropped.size();
  drop(context_, {.vhost = virtual_host_name(), .queue = name(), .stage = event::Stage::queue, .reason = reason},
       [dropped = std::move(dropped), &context = context_](Budget&) mutable -> std::optional<Message> {
         if (dropped.empty()) return std::nullopt;
         context.memory().release(Message::entry_bytes);
         return dropped.pop_front().message;
       });
  return count;
}

// ---- consumers

void Queue::attach(Consumer& consumer) {
  events().consumer_started(consumer);
  exclusively_consumed_ = consumer.exclusive();
  rotation_.join(consumer);
}

void Queue::detach(Consumer& consumer) {
  const auto reason = consumer.channel_has_ended() ? event::Gone::channel_ended
                      : deleted()                  ? event::Gone::queue_deleted
                                                   : event::Gone::asked;
  events().consumer_cancelled(consumer, reason);
  rotation_.leave(consumer);
  if (deleted()) return;
  if (consumers() > 0) {
    // The next consumer becomes active when all unacked messages of the last one have been requeued.
    if (settings_->single_active_consumer) consumers_due_.set(context_.now());
    return;
  }
  exclusively_consumed_ = false;
  if (declaration_.auto_delete) return host_.remove_unused(*this, event::Gone::auto_delete);
  mark_used();
}

void Queue::resume(Consumer& consumer) {
  if (!deleted() && rotation_.resume(consumer)) serve_consumers();
}

void Queue::serve_consumers() {
  while (clear_head() && !ready_.empty() && batches_awaited_ == 0) {
    auto& budget = context_.budget();
    auto* consumer = budget.is_used_up() ? nullptr : rotation_.next(budget);
    if (consumer == nullptr) {
      if (budget.is_used_up() && consumers() > 0) serve_consumers_later();
      break;
    }
    hand_to_consumer(ready_.pop_front(), *consumer);
  }
  watch_expiry();
}

void Queue::serve_consumers_later() {
  if (is_in_backlog_ || deleted()) return;
  context_.backlog().keep(std::make_unique<ServeConsumers>(context_.backlog(), *this, is_in_backlog_));
}

bool Queue::drop_transient(ReadyMessages& kept) {
  constexpr std::uint8_t persistent = 2;
  auto& budget = context_.budget();
  for (; !ready_.empty(); budget.use(steps::for_a_settlement)) {
    if (budget.is_used_up()) return false;
    const bool is_returned = ready_.front_is_returned();
    auto queued = ready_.pop_front();
    const auto& message = queued.message;
    if (message.properties().find<&protocol::BasicProperties::delivery_mode>() != persistent) {
      budget.use(steps::for_dropping(message.body().size()));
      release_entry();
      events().dropped(message, event::Stage::queue, event::Dropped::restarted);
      context_.tell(&Observer::on_dropped, message);
    } else if (is_returned) {
      kept.put_back(std::move(queued));
    } else {
      kept.append(std::move(queued));
    }
  }
  std::swap(kept, ready_);
  if (deleted())
    drop_ready(event::Dropped::queue_deleted);
  else
    serve_consumers();  // sets the time when the first of them expires
  return true;
}

void Queue::close(event::Dropped reason) {
  mark_deleted();
  drop_ready(reason);
  consumers_due_.set(TimePoint::max());
  unused_due_.set(TimePoint::max());
}

// ---- limits of length and time

bool Queue::exceeds(std::uint64_t messages, std::uint64_t bytes) const {
  return (settings_->max_length && messages > *settings_->max_length)
         || (settings_->max_length_bytes && bytes > *settings_->max_length_bytes);
}

bool Queue::refuses(const Message& message) {
  if (settings_->overflow == Overflow::drop_head) return false;
  clear_head();
  if (!is_quorum()) return exceeds(ready_.size() + 1, ready_.bytes() + message.body().size());
  // A quorum queue begins to refuse when it is over its limit, and accepts again at four fifths of the limit.
  const auto above_four_fifths = [](std::uint64_t is, std::optional<std::uint64_t> limit) {
    return limit && is > *limit - (*limit / 5 + (*limit % 5 == 0 ? 0 : 1));
  };
  is_refusing_ = exceeds(ready_.size(), ready_.bytes())
                 || (is_refusing_
                     && (above_four_fifths(ready_.size(), settings_->max_length)
                         || above_four_fifths(ready_.bytes(), settings_->max_length_bytes)));
  return is_refusing_;
}

void Queue::refuse(Message message, Publisher& publisher, std::uint64_t publish) {
  if (settings_->overflow == Overflow::reject_publish_dlx && settings_->dead_letter_exchange)
    dead_letter_or_drop(std::move(message), DeathReason::maxlen);
  else
    drop_refused(message);
  publisher.refused(publish);
}

void Queue::drop_refused(const Message& message) {
  events().dropped(message, event::Stage::enter, event::Dropped::queue_full);
  context_.tell(&Observer::on_dropped, message);
}

void Queue::dead_letter_or_drop(Message message, DeathReason reason) {
  if (settings_->dead_letter_exchange && !deleted()) {
    events().dead_lettered(message, reason);
    return host_.take_dead_letter(*this, std::move(message), reason);
  }
  events().dropped(message, event::Stage::queue, dropped_for(reason));
  if (reason != DeathReason::expired) context_.tell(&Observer::on_dropped, message);
}

// Returns whether no surplus is left. Until then the queue delivers nothing.
bool Queue::drop_surplus() {
  if (settings_->overflow != Overflow::drop_head) return true;
  while (!ready_.empty() && exceeds(ready_.size(), ready_.bytes())) {
    if (context_.budget().is_used_up()) return false;
    auto surplus = remove_first();
    context_.budget().use(steps::for_dropping(surplus.body().size()));
    dead_letter_or_drop(std::move(surplus), DeathReason::maxlen);
  }
  return true;
}

// As on RabbitMQ, messages expire only at the head of the queue. Behind a message that lives longer or has a higher
// priority, an expired one stays counted until it gets to the head. Returns whether no expired message is left at the
// head. Until then the queue delivers nothing.
bool Queue::drop_expired() {
  while (!ready_.empty() && ready_.front().expires_at <= context_.now()) {
    if (context_.budget().is_used_up()) return false;
    auto expired = remove_first();
    context_.budget().use(steps::for_dropping(expired.body().size()));
    context_.tell(&Observer::on_expired, *this, expired);
    events().expired(expired);
    dead_letter_or_drop(std::move(expired), DeathReason::expired);
  }
  return true;
}

// The deadline may be too early; it is then set again. So a queue whose messages all expire does not move the deadline
// with each message.
void Queue::watch_expiry() {
  if (is_in_backlog_ || ready_.empty()) return;
  if (ready_.front().expires_at < consumers_due_.at()) consumers_due_.set(ready_.front().expires_at);
}

void Queue::mark_used() {
  if (!settings_->expires || consumers() > 0) return;
  last_used_ = context_.now();
  if (unused_due_.at() == TimePoint::max()) unused_due_.set(last_used_ + *settings_->expires);
}

// The deadline was set at the first use. If the queue was used again since, the deadline is moved.
void Queue::expire_if_unused() {
  if (consumers() > 0) return;
  const auto ends = last_used_ + *settings_->expires;
  if (ends <= context_.now()) return host_.remove_unused(*this, event::Gone::expired);
  unused_due_.set(ends);
}

}  // namespace pocketmq::broker
