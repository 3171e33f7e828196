#include "broker/queue.hpp"

#include <algorithm>
#include <cassert>

#include "broker/consumer.hpp"
#include "broker/publisher.hpp"
#include "broker/router.hpp"

namespace pocketmq::broker {

Queue::Queue(QueueDeclaration declaration, Context& context)
    : Deadline{context.deadlines()}, declaration_{std::move(declaration)}, context_{context} {}

void Queue::enqueue(Message message, Publisher& publisher, std::uint64_t publish) {
  const auto time_to_live = message.time_to_live();
  context_.tell(&Observer::on_enqueued, *this, message);
  fresh_.push_back({.message = std::move(message),
                    .position = next_position_++,
                    .expires_at = time_to_live ? context_.now() + *time_to_live : TimePoint::max()});
  publisher.accepted(publish);
  // A consumer waits only at an empty queue. It gets the message before its time to live is looked at, which may be 0.
  if (ready() == 1) (void)deliver_first();
  pump();
}

void Queue::put_back(QueuedMessage message) {
  --unacked_;
  if (deleted_) return context_.tell(&Observer::on_dropped, message.message);
  context_.tell(&Observer::on_requeued, *this, message.message);
  message.redelivered = true;
  const auto position = message.position;
  returned_.emplace(position, std::move(message));
}

void Queue::settle(const QueuedMessage& message) {
  --unacked_;
  context_.tell(&Observer::on_acked, *this, message.message);
}

void Queue::discard(const QueuedMessage& message) {
  --unacked_;
  context_.tell(&Observer::on_dropped, message.message);
}

std::optional<QueuedMessage> Queue::take() {
  drop_expired();
  if (ready() == 0) return std::nullopt;
  ++unacked_;
  auto taken = pop_front();
  drop_expired();
  watch_expiry();
  return taken;
}

std::size_t Queue::purge() {
  const auto purged = ready();
  while (ready() > 0) context_.tell(&Observer::on_dropped, pop_front().message);
  return purged;
}

void Queue::attach(Consumer& consumer) {
  exclusively_consumed_ = consumer.exclusive();
  consumer.place_ = willing_.insert(willing_.end(), &consumer);
  consumer.held_ = false;
}

bool Queue::detach(Consumer& consumer) {
  (consumer.held_ ? held_ : willing_).erase(consumer.place_);
  if (consumers() > 0) return false;
  exclusively_consumed_ = false;
  return declaration_.auto_delete && !deleted_;
}

void Queue::resume(Consumer& consumer) {
  if (!consumer.held_ || deleted_) return;
  willing_.splice(willing_.end(), held_, consumer.place_);
  consumer.held_ = false;
  pump();
}

void Queue::pump() {
  for (drop_expired(); ready() > 0; drop_expired())
    if (!deliver_first()) break;
  watch_expiry();
}

bool Queue::deliver_first() {
  while (!willing_.empty() && !willing_.front()->can_take()) {
    willing_.front()->held_ = true;
    held_.splice(held_.end(), willing_, willing_.begin());
  }
  if (willing_.empty()) return false;
  auto& consumer = *willing_.front();
  willing_.splice(willing_.end(), willing_, willing_.begin());
  ++unacked_;
  consumer.deliver(pop_front());
  return true;
}

std::vector<Consumer*> Queue::close() {
  deleted_ = true;
  purge();
  set(TimePoint::max());
  std::vector<Consumer*> left{willing_.begin(), willing_.end()};
  left.insert(left.end(), held_.begin(), held_.end());
  return left;
}

void Queue::join(Router& router) { router.add(*this); }

void Queue::due(TimePoint) { pump(); }

void Queue::drop_expired() {
  while (ready() > 0 && front().expires_at <= context_.now())
    context_.tell(&Observer::on_expired, *this, pop_front().message);
}

// As on RabbitMQ, time runs out at the head only. The deadline may be early, then it is set again: so that a queue
// whose messages all expire does not move it with each of them.
void Queue::watch_expiry() {
  if (ready() > 0 && front().expires_at < at()) set(front().expires_at);
}

QueuedMessage& Queue::front() { return returned_.empty() ? fresh_.front() : returned_.begin()->second; }

QueuedMessage Queue::pop_front() {
  auto first = std::move(front());
  if (returned_.empty())
    fresh_.pop_front();
  else
    returned_.erase(returned_.begin());
  return first;
}

}  // namespace pocketmq::broker
