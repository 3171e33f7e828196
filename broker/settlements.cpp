#include "broker/settlements.hpp"

#include <algorithm>
#include <utility>

#include "broker/slice.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::size_t slice_max = 10'000;

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

Settlements::Settlements(DeadlineHeap& deadlines) : due_{deadlines, *this, &Settlements::go_on} {}

void Settlements::carry_out(Outcome outcome, Unacked&& delivery) {
  settle(outcome, *delivery.queue, std::move(delivery.message));
  if (delivery.prefetch) delivery.prefetch->release();
  if (comes_back(outcome)) delivery.queue->pump();
}

void Settlements::carry_out(Outcome outcome, Deliveries deliveries) {
  Batch batch{outcome, std::move(deliveries), {}};
  ++batches_;
  if (comes_back(outcome))
    batch.deliveries.for_each([&](const Unacked& delivery) {
      if (delivery.queue->await_batch(batches_)) batch.queues.push_back(delivery.queue);
    });
  if (carry_out_slice(batch)) return;
  unfinished_.push_back(std::move(batch));
  due_.set(TimePoint::min());
}

void Settlements::go_on() {
  if (carry_out_slice(unfinished_.front())) unfinished_.pop_front();
  if (!unfinished_.empty()) due_.set(TimePoint::min());
}

bool Settlements::carry_out_slice(Batch& batch) {
  std::vector<protocol::Ref<Prefetch>> prefetches;
  prefetches.reserve(std::min(batch.deliveries.size(), slice_max));
  for (Slice slice{slice_max}; !batch.deliveries.empty() && !slice.is_used_up();) {
    auto delivery = batch.deliveries.pop_front();
    slice.use(delivery.message.message);
    settle(batch.outcome, *delivery.queue, std::move(delivery.message));
    if (delivery.prefetch) prefetches.push_back(std::move(delivery.prefetch));
  }
  for (const auto& prefetch : prefetches) prefetch->release();
  if (!batch.deliveries.empty()) return false;
  for (const auto& queue : batch.queues) queue->batch_is_back();
  return true;
}

}  // namespace pocketmq::broker
