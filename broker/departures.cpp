#include "broker/departures.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "broker/heap_trim.hpp"
#include "broker/virtual_host.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::size_t slice_max = 3'000;        // steps: a binding, a queue or an exchange goes
constexpr std::size_t messages_in_a_step = 10;  // to drop them takes about as long

}  // namespace

Departures::Departures(VirtualHost& virtual_host, BindingTable& bindings, DeadlineHeap& deadlines)
    : virtual_host_{virtual_host}, bindings_{bindings}, due_{deadlines, *this, &Departures::go_on} {}

void Departures::take(std::unique_ptr<Exchange> exchange) {
  Batch batch;
  batch.exchanges.push_back(std::move(exchange));
  begin(std::move(batch), nullptr);
}

void Departures::take(std::vector<protocol::Ref<Queue>> queues, Waiter* waiter) {
  std::ranges::reverse(queues);
  begin({.exchanges = {}, .queues = std::move(queues)}, waiter);
}

void Departures::begin(Batch batch, Waiter* waiter) {
  if (carry_out_slice(batch)) return;
  unfinished_.push_back(std::move(batch));
  due_.set(TimePoint::min());
  if (waiter == nullptr) return;
  assert(!waiter->awaits_departure());
  waiter->batch_ = &unfinished_.back();
  waiter->batch_->waiter = waiter;
}

void Departures::go_on() {
  if (auto& batch = unfinished_.front(); carry_out_slice(batch)) {
    auto* waiter = batch.waiter;
    unfinished_.pop_front();
    if (waiter != nullptr) {
      waiter->batch_ = nullptr;
      waiter->on_departed();
    }
  }
  if (!unfinished_.empty()) due_.set(TimePoint::min());
}

bool Departures::carry_out_slice(Batch& batch) {
  for (auto left = slice_max; left > 0;) {
    if (batch.exchanges.empty() && batch.queues.empty()) return true;
    left -= std::min(left, batch.exchanges.empty() ? see_off_queue(batch) : see_off_exchange(batch));
  }
  HeapTrim::merge_small_pieces();
  return false;
}

std::size_t Departures::see_off_exchange(Batch& batch) {
  const auto& exchange = *batch.exchanges.back();
  if (!exchange.bindings().empty()) return remove(exchange.bindings().back(), batch);
  if (!exchange.bindings_to().empty()) return remove(exchange.bindings_to().back(), batch);
  batch.exchanges.pop_back();
  return 1;
}

std::size_t Departures::see_off_queue(Batch& batch) {
  auto& queue = *batch.queues.back();
  if (!queue.deleted()) {
    const auto messages = queue.ready();
    virtual_host_.take_out(queue);
    return messages / messages_in_a_step;
  }
  if (!queue.bindings_to().empty()) return remove(queue.bindings_to().back(), batch);
  batch.queues.pop_back();
  return 1;
}

std::size_t Departures::remove(Binding& binding, Batch& batch) {
  if (auto* source = bindings_.remove(binding)) batch.exchanges.push_back(virtual_host_.take_out(*source));
  return 1;
}

}  // namespace pocketmq::broker
