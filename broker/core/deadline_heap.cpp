#include "broker/core/deadline_heap.hpp"

#include <utility>

namespace pocketmq::broker {
namespace {

constexpr std::size_t kept_max = 1'024;  // places that are not needed

}  // namespace

void Deadline::set(TimePoint at) {
  if (at == at_) return;
  if (index_ != not_set)
    heap_.remove(index_);
  else if (at_ != TimePoint::max())
    std::erase(heap_.again_, this);
  at_ = at;
  if (at == TimePoint::max()) return;
  if (heap_.telling_until_ && at <= *heap_.telling_until_)
    heap_.again_.push_back(this);
  else
    heap_.add(this);
}

void DeadlineHeap::tell_due(TimePoint now, Budget& budget) {
  telling_until_ = now;
  while (earliest() <= now && !budget.is_used_up()) {
    budget.use(steps::for_a_deadline);
    auto* first = heap_.front();
    first->set(TimePoint::max());
    first->due(now);
  }
  telling_until_.reset();
  for (auto* deadline : std::exchange(again_, {})) add(deadline);
}

void DeadlineHeap::add(Deadline* deadline) {
  heap_.push_back(deadline);
  rise(heap_.size() - 1);
}

void DeadlineHeap::put(std::size_t index, Deadline* deadline) {
  heap_[index] = deadline;
  deadline->index_ = index;
}

void DeadlineHeap::rise(std::size_t index) {
  auto* rising = heap_[index];
  while (index > 0 && rising->at_ < heap_[(index - 1) / 2]->at_) {
    put(index, heap_[(index - 1) / 2]);
    index = (index - 1) / 2;
  }
  put(index, rising);
}

void DeadlineHeap::sink(std::size_t index) {
  auto* sinking = heap_[index];
  for (;;) {
    auto child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->at_ < heap_[child]->at_) ++child;
    if (sinking->at_ <= heap_[child]->at_) break;
    put(index, heap_[child]);
    index = child;
  }
  put(index, sinking);
}

void DeadlineHeap::remove(std::size_t index) {
  heap_[index]->index_ = Deadline::not_set;
  auto* last = heap_.back();
  heap_.pop_back();
  if (heap_.capacity() > kept_max && heap_.size() < heap_.capacity() / 4) heap_.shrink_to_fit();
  if (index == heap_.size()) return;
  put(index, last);
  rise(index);
  sink(last->index_);
}

}  // namespace pocketmq::broker
