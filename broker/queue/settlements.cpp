#include "broker/queue/settlements.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace pocketmq::broker {
namespace {

void settle(Outcome outcome, Unacked& delivery, const Settler& by) {
  auto& queue = *delivery.queue;
  switch (outcome) {
    case Outcome::acked: return queue.settle(delivery.message, by, delivery.tag);
    case Outcome::discarded: return queue.reject(delivery.message, by, delivery.tag);
    case Outcome::requeued: return queue.put_back(std::move(delivery.message), by, delivery.tag);
  }
}

}  // namespace

// If deliveries are requeued, all queues are told first, so that they deliver nothing until the whole batch is back.
class Settlements::Batch final : public Backlog::Item {
 public:
  // `outcome` applies to all deliveries, whatever their settlements say.
  Batch(Backlog& backlog, std::uint64_t number, Outcome outcome, std::deque<Settlement> settlements, const Settler& by)
      : Item{backlog},
        number_{number},
        outcome_{outcome},
        by_{by},
        left_{std::move(settlements)},
        announced_{outcome == Outcome::requeued ? 0 : left_.size()} {}

  bool go_on() override {
    if (!announce_returns()) return false;
    settle_all();
    if (!left_.empty()) return false;
    return tell_queues();
  }

 private:
  bool announce_returns() {
    for (; announced_ < left_.size(); ++announced_, next_tag_ = 0) {
      if (budget().is_used_up()) return false;
      budget().use(1);
      if (!announce(left_[announced_].deliveries)) return false;
    }
    return true;
  }

  bool announce(const Deliveries& deliveries) {
    return deliveries.for_each_from(next_tag_, [&](const Unacked& delivery) {
      next_tag_ = delivery.tag;
      if (budget().is_used_up()) return false;
      budget().use(steps::for_checking_a_delivery);
      if (delivery.queue->await_batch(number_)) queues_.push_back(delivery.queue);
      return true;
    });
  }

  // Prefetch is released last, so that no queue delivers while the batch is settled.
  void settle_all() {
    std::vector<protocol::Ref<Prefetch>> prefetches;
    for (; !left_.empty() && !budget().is_used_up(); budget().use(steps::for_a_settlement)) {
      auto& deliveries = left_.front().deliveries;
      if (!deliveries.empty()) {
        auto delivery = deliveries.pop_front();
        budget().use(steps::for_dropping(delivery.message.message.body().size()));
        settle(outcome_, delivery, by_);
        if (delivery.prefetch) prefetches.push_back(std::move(delivery.prefetch));
      }
      if (deliveries.empty()) left_.pop_front();
    }
    for (const auto& prefetch : prefetches) prefetch->release();
  }

  bool tell_queues() {
    for (; !queues_.empty(); queues_.pop_front()) {
      if (budget().is_used_up()) return false;
      budget().use(steps::for_serving_consumers);
      queues_.front()->batch_is_back();
    }
    return true;
  }

  const std::uint64_t number_;
  const Outcome outcome_;
  const Settler by_;
  std::deque<Settlement> left_;
  std::size_t announced_;                    // how many settlements were announced to their queues
  std::uint64_t next_tag_{0};                // the next delivery to announce
  std::deque<protocol::Ref<Queue>> queues_;  // queues to which deliveries are requeued
};

void Settlements::carry_out(Outcome outcome, Unacked&& delivery, const Settler& by) {
  settle(outcome, delivery, by);
  if (delivery.prefetch) delivery.prefetch->release();
  if (outcome == Outcome::requeued) delivery.queue->serve_consumers();
}

void Settlements::carry_out(Outcome outcome, Deliveries deliveries, const Settler& by) {
  std::deque<Settlement> one;
  one.push_back({outcome, std::move(deliveries)});
  backlog_.carry_out(std::make_unique<Batch>(backlog_, ++batches_, outcome, std::move(one), by));
}

void Settlements::take_back(std::deque<Settlement> settlements, const Settler& by) {
  if (settlements.empty()) return;
  backlog_.carry_out(std::make_unique<Batch>(backlog_, ++batches_, Outcome::requeued, std::move(settlements), by));
}

}  // namespace pocketmq::broker
