#include "broker/queue/settlements.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace pocketmq::broker {
namespace {

bool comes_back(Outcome outcome) { return outcome == Outcome::requeued || outcome == Outcome::lost; }

void settle(Outcome outcome, Queue& queue, QueuedMessage&& message) {
  switch (outcome) {
    case Outcome::acked: return queue.settle(message);
    case Outcome::discarded: return queue.reject(message);
    case Outcome::requeued: return queue.put_back(std::move(message), Return::asked_for);
    case Outcome::lost: return queue.put_back(std::move(message), Return::lost);
  }
}

}  // namespace

// First the queues are told that something comes back, so that they deliver nothing until all of it is there.
class Settlements::Batch final : public Backlog::Item {
 public:
  // `outcome` is that of all of them, whatever they say.
  Batch(Backlog& backlog, std::uint64_t number, Outcome outcome, std::deque<Settlement> settlements)
      : Item{backlog},
        number_{number},
        outcome_{outcome},
        left_{std::move(settlements)},
        announced_{comes_back(outcome) ? 0 : left_.size()} {}

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
      budget().use(steps::for_a_look_at_a_delivery);
      if (delivery.queue->await_batch(number_)) queues_.push_back(delivery.queue);
      return true;
    });
  }

  // Prefetch is released last, so that nothing is delivered in the midst of it.
  void settle_all() {
    std::vector<protocol::Ref<Prefetch>> prefetches;
    for (; !left_.empty() && !budget().is_used_up(); budget().use(steps::for_a_settlement)) {
      auto& deliveries = left_.front().deliveries;
      if (!deliveries.empty()) {
        auto delivery = deliveries.pop_front();
        budget().use(steps::for_dropping(delivery.message.message.body().size()));
        settle(outcome_, *delivery.queue, std::move(delivery.message));
        if (delivery.prefetch) prefetches.push_back(std::move(delivery.prefetch));
      }
      if (deliveries.empty()) left_.pop_front();
    }
    for (const auto& prefetch : prefetches) prefetch->release();
  }

  bool tell_queues() {
    for (; !queues_.empty(); queues_.pop_front()) {
      if (budget().is_used_up()) return false;
      budget().use(steps::for_a_pump);
      queues_.front()->batch_is_back();
    }
    return true;
  }

  const std::uint64_t number_;
  const Outcome outcome_;
  std::deque<Settlement> left_;
  std::size_t announced_;                    // of these, if they come back
  std::uint64_t next_tag_{0};                // of those that are being announced
  std::deque<protocol::Ref<Queue>> queues_;  // where some of them come back to
};

void Settlements::carry_out(Outcome outcome, Unacked&& delivery) {
  settle(outcome, *delivery.queue, std::move(delivery.message));
  if (delivery.prefetch) delivery.prefetch->release();
  if (comes_back(outcome)) delivery.queue->serve_consumers();
}

void Settlements::carry_out(Outcome outcome, Deliveries deliveries) {
  std::deque<Settlement> one;
  one.push_back({outcome, std::move(deliveries)});
  backlog_.carry_out(std::make_unique<Batch>(backlog_, ++batches_, outcome, std::move(one)));
}

void Settlements::take_back(std::deque<Settlement> settlements) {
  if (settlements.empty()) return;
  backlog_.carry_out(std::make_unique<Batch>(backlog_, ++batches_, Outcome::lost, std::move(settlements)));
}

}  // namespace pocketmq::broker
