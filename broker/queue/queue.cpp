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

// A queue that is to be pumped in another slice.
class Pump final : public Backlog::Item {
 public:
  Pump(Backlog& backlog, Queue& queue, bool& is_in_backlog)
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
  bool& is_in_backlog_;  // the queue's
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
  use();
}

// ---- messages come, leave and come back

void Queue::enqueue(Message message, Publisher& publisher, std::uint64_t publish) {
  context_.budget().use(steps::for_a_queued_message);
  if (refuses(message)) return refuse(std::move(message), publisher, publish);
  context_.tell(&Observer::on_enqueued, *this, message);
  auto queued = placed(std::move(message));
  publisher.accepted(publish);
  // A consumer waits only at an empty queue. It gets the message before its time to live is looked at, which may be 0.
  const bool may_be_first = ready_.empty() && batches_awaited_ == 0;
  if (auto* consumer = may_be_first ? rotation_.next(context_.budget()) : nullptr)
    return hand_to_consumer(std::move(queued), *consumer);
  ready_.append(std::move(queued));
  serve_consumers();
}

QueuedMessage Queue::placed(Message message) {
  QueuedMessage queued{.position = next_position_++};
  auto lives = message.time_to_live();
  if (settings_->message_ttl) lives = std::min(lives.value_or(*settings_->message_ttl), *settings_->message_ttl);
  if (lives) queued.expires_at = context_.now() + *lives;
  if (settings_->max_priority > 0)
    queued.priority = std::min(message.properties().find<&protocol::BasicProperties::priority>().value_or(0),
                               settings_->max_priority);
  message.charge_to(context_.memory());
  context_.memory().charge(Message::place_bytes);
  queued.message = std::move(message);
  return queued;
}

void Queue::hand_to_consumer(QueuedMessage&& message, Consumer& consumer) {
  context_.budget().use(steps::for_a_delivery);
  ++unacked_;
  consumer.take(*this, std::move(message));
}

void Queue::release_place() { context_.memory().release(Message::place_bytes); }

Message Queue::give_first_up() {
  release_place();
  return ready_.pop_front().message;
}

// A quorum queue counts returns and keeps what comes back in the order of returning. Without a limit, what was asked
// back goes to the end, as on RabbitMQ.
void Queue::put_back(QueuedMessage&& message, Return why) {
  --unacked_;
  if (deleted()) {
    release_place();
    return context_.tell(&Observer::on_dropped, message.message);
  }
  if (is_quorum()) {
    if (++message.returns > settings_->delivery_limit.value_or(INT64_MAX)) {
      release_place();
      return bury(std::move(message.message), DeathReason::delivery_limit);
    }
    message.position = next_position_++;
  }
  context_.tell(&Observer::on_requeued, *this, message.message);
  message.redelivered = true;
  if (is_quorum() && !settings_->delivery_limit && why == Return::asked_for)
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

void Queue::settle(const QueuedMessage& message) {
  --unacked_;
  release_place();
  context_.tell(&Observer::on_acked, *this, message.message);
}

void Queue::reject(const QueuedMessage& message) {
  --unacked_;
  release_place();
  bury(message.message, DeathReason::rejected);
}

bool Queue::clear_head() {
  if (drop_surplus() && drop_expired()) return true;
  serve_consumers_later();
  return false;
}

std::optional<QueuedMessage> Queue::take() {
  use();
  if (ready_.empty()) return std::nullopt;
  ++unacked_;
  auto taken = ready_.pop_front();
  clear_head();
  watch_expiry();
  return taken;
}

std::size_t Queue::purge() {
  ReadyMessages purged{context_.memory()};
  std::swap(purged, ready_);
  const auto count = purged.size();
  drop(context_, [purged = std::move(purged), &context = context_](Budget&) mutable -> std::optional<Message> {
    if (purged.empty()) return std::nullopt;
    context.memory().release(Message::place_bytes);
    return purged.pop_front().message;
  });
  return count;
}

// ---- consumers

void Queue::attach(Consumer& consumer) {
  exclusively_consumed_ = consumer.exclusive();
  rotation_.join(consumer);
}

void Queue::detach(Consumer& consumer) {
  rotation_.leave(consumer);
  if (deleted()) return;
  if (consumers() > 0) {
    // The next one becomes active, once all that the last one leaves unacked are back.
    if (settings_->single_active_consumer) consumers_due_.set(context_.now());
    return;
  }
  exclusively_consumed_ = false;
  if (declaration_.auto_delete) return host_.remove_unused(*this);
  use();
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
  context_.backlog().keep(std::make_unique<Pump>(context_.backlog(), *this, is_in_backlog_));
}

void Queue::close() {
  mark_deleted();
  purge();
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
  // A quorum queue notices that it is over its limit, and again that it has come down to four fifths of it.
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
  if (settings_->overflow == Overflow::reject_publish_dlx)
    bury(std::move(message), DeathReason::maxlen);
  else
    context_.tell(&Observer::on_dropped, message);
  publisher.refused(publish);
}

void Queue::bury(Message message, DeathReason reason) {
  if (settings_->dead_letter_exchange && !deleted())
    host_.take_dead_letter(*this, std::move(message), reason);
  else if (reason != DeathReason::expired)
    context_.tell(&Observer::on_dropped, message);
}

// Returns whether all of it is gone: until then nothing is delivered.
bool Queue::drop_surplus() {
  if (settings_->overflow != Overflow::drop_head) return true;
  while (!ready_.empty() && exceeds(ready_.size(), ready_.bytes())) {
    if (context_.budget().is_used_up()) return false;
    auto surplus = give_first_up();
    context_.budget().use(steps::for_dropping(surplus.body().size()));
    bury(std::move(surplus), DeathReason::maxlen);
  }
  return true;
}

// As on RabbitMQ, time runs out at the head only: behind a message that lives longer, or that has a higher priority,
// one stays counted until it gets there. Returns whether all that have expired in front of the others are gone: until
// then nothing is delivered.
bool Queue::drop_expired() {
  while (!ready_.empty() && ready_.front().expires_at <= context_.now()) {
    if (context_.budget().is_used_up()) return false;
    auto expired = give_first_up();
    context_.budget().use(steps::for_dropping(expired.body().size()));
    context_.tell(&Observer::on_expired, *this, expired);
    bury(std::move(expired), DeathReason::expired);
  }
  return true;
}

// The deadline may be early, then it is set again: so that a queue whose messages all expire does not move it with each
// of them.
void Queue::watch_expiry() {
  if (is_in_backlog_ || ready_.empty()) return;
  if (ready_.front().expires_at < consumers_due_.at()) consumers_due_.set(ready_.front().expires_at);
}

void Queue::use() {
  if (!settings_->expires || consumers() > 0) return;
  last_used_ = context_.now();
  if (unused_due_.at() == TimePoint::max()) unused_due_.set(last_used_ + *settings_->expires);
}

// The deadline is as early as the first use was; only the last one counts.
void Queue::expire_if_unused() {
  if (consumers() > 0) return;
  const auto ends = last_used_ + *settings_->expires;
  if (ends <= context_.now()) return host_.remove_unused(*this);
  unused_due_.set(ends);
}

}  // namespace pocketmq::broker
