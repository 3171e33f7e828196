#include "broker/channel/channel_deliveries.hpp"

#include <algorithm>
#include <utility>

#include "broker/core/time_max.hpp"

namespace pocketmq::broker {

ChannelDeliveries::ChannelDeliveries(ChannelScope& scope)
    : scope_{scope}, ack_due_{scope.context().deadlines(), *this, &ChannelDeliveries::fail_if_acks_are_overdue} {}

void ChannelDeliveries::add_to(Holdings& holdings) const { holdings.unacked += unsettled_count(); }

// ---- settling

bool ChannelDeliveries::settle(Outcome outcome, std::uint64_t tag, bool multiple) {
  const auto unknown_tag = [tag] {
    return ChannelError{ReplyCode::precondition_failed, "unknown delivery tag " + std::to_string(tag)};
  };
  if (!multiple) {
    auto delivery = unacked_.settle(tag);
    if (!delivery) throw unknown_tag();
    settle_one(outcome, std::move(*delivery));
    return true;
  }
  if (tag == 0) {
    carry_out(outcome, unacked_.settle_all());
    return true;
  }
  if (!unacked_.contains(tag)) throw unknown_tag();
  return settle_up_to(outcome, tag);
}

void ChannelDeliveries::settle_one(Outcome outcome, Unacked&& delivery) {
  if (auto* transaction = scope_.transaction()) return transaction->add(outcome, std::move(delivery));
  Settlements::carry_out(outcome, std::move(delivery), settler());
}

bool ChannelDeliveries::settle_up_to(Outcome outcome, std::uint64_t tag) {
  Settling settling{.outcome = outcome, .up_to = tag};
  if (!unacked_.settle_up_to(tag, settling.found, scope_.context().budget())) {
    settling_ = std::make_unique<Settling>(std::move(settling));
    return false;
  }
  carry_out(outcome, std::move(settling.found));
  return true;
}

bool ChannelDeliveries::go_on_settling() {
  if (!unacked_.settle_up_to(settling_->up_to, settling_->found, scope_.context().budget())) return false;
  const auto settling = std::exchange(settling_, nullptr);
  carry_out(settling->outcome, std::move(settling->found));
  return true;
}

// Settles the deliveries now, or, in a transaction, at its commit.
void ChannelDeliveries::carry_out(Outcome outcome, Settled settled) {
  if (auto* transaction = scope_.transaction()) return transaction->add(outcome, std::move(settled));
  scope_.virtual_host().settlements().carry_out(outcome, std::move(settled.deliveries), settler());
}

void ChannelDeliveries::lose_ack(std::uint64_t tag) {
  if (auto delivery = unacked_.settle(tag))
    Settlements::carry_out(Outcome::requeued, std::move(*delivery), settler_that_requeues(event::Requeued::ack_lost));
}

void ChannelDeliveries::requeue_all() {
  scope_.virtual_host().settlements().carry_out(Outcome::requeued, unacked_.settle_all().deliveries,
                                                settler_that_requeues(event::Requeued::recovered));
}

void ChannelDeliveries::requeue_unacked() {
  auto& settlements = scope_.virtual_host().settlements();
  if (const auto settling = std::exchange(settling_, nullptr)) carry_out(settling->outcome, std::move(settling->found));
  const auto by = settler_that_requeues(scope_.connection().is_lost() ? event::Requeued::connection_lost
                                                                      : event::Requeued::channel_ended);
  if (auto* transaction = scope_.transaction()) settlements.take_back(transaction->take_settlements(), by);
  if (unacked_.size() > 0) settlements.carry_out(Outcome::requeued, unacked_.settle_all().deliveries, by);
}

void ChannelDeliveries::restored() {
  if (const auto* oldest = unacked_.oldest()) watch_ack_of(*oldest);
}

// ---- how long an ack may take

std::chrono::milliseconds ChannelDeliveries::ack_time_of(const Queue& queue) const {
  return std::min(queue.settings().consumer_timeout.value_or(scope_.context().options().consumer_timeout), time_max);
}

// All deliveries share one deadline. It may be too early, because an ack does not move it.
void ChannelDeliveries::await_ack(Unacked&& delivery) {
  delivery.since = scope_.context().now();
  watch_ack_of(delivery);
  unacked_.push(std::move(delivery));
}

void ChannelDeliveries::watch_ack_of(const Unacked& delivery) {
  const auto time = ack_time_of(*delivery.queue);
  if (time.count() <= 0) return;
  ack_time_least_ = std::min(ack_time_least_, time);
  if (delivery.since + time < ack_due_.at()) ack_due_.set(delivery.since + time);
}

// As on RabbitMQ, only the oldest delivery can time out. A later delivery, from a queue with a shorter timeout, may
// become the oldest at any time. So the next check is due after the shortest of the timeouts at the latest.
void ChannelDeliveries::fail_if_acks_are_overdue() {
  const auto* oldest = unacked_.oldest();
  if (oldest == nullptr) return;
  const auto now = scope_.context().now();
  const auto time = ack_time_of(*oldest->queue);
  const auto due = time.count() > 0 ? oldest->since + time : TimePoint::max();
  if (due > now) return ack_due_.set(std::min(due, now + ack_time_least_));
  scope_.connection().fail(scope_.number(),
                           {ReplyCode::precondition_failed,
                            "delivery acknowledgement on channel " + std::to_string(scope_.number())
                                + " timed out. Timeout value used: " + std::to_string(time.count())
                                + " ms. This timeout value can be configured, see consumers doc guide to learn more"});
}

}  // namespace pocketmq::broker
