#include "broker/deadline_heap.hpp"

namespace pocketmq::broker {

void Deadline::set(TimePoint at) {
  if (at == at_) return;
  const bool was_set = place_ != not_set;
  const bool earlier = at < at_;
  at_ = at;
  if (at == TimePoint::max()) {
    heap_.remove(place_);
  } else if (!was_set) {
    heap_.heap_.push_back(this);
    heap_.rise(heap_.heap_.size() - 1);
  } else if (earlier) {
    heap_.rise(place_);
  } else {
    heap_.sink(place_);
  }
}

void DeadlineHeap::tell_due(TimePoint now) {
  // Bounded by what is due now: a deadline set again for a past time waits for the next call.
  for (auto left = heap_.size(); left > 0 && earliest() <= now; --left) {
    auto* first = heap_.front();
    first->set(TimePoint::max());
    first->due(now);
  }
}

void DeadlineHeap::put(std::size_t place, Deadline* deadline) {
  heap_[place] = deadline;
  deadline->place_ = place;
}

void DeadlineHeap::rise(std::size_t place) {
  auto* rising = heap_[place];
  while (place > 0 && rising->at_ < heap_[(place - 1) / 2]->at_) {
    put(place, heap_[(place - 1) / 2]);
    place = (place - 1) / 2;
  }
  put(place, rising);
}

void DeadlineHeap::sink(std::size_t place) {
  auto* sinking = heap_[place];
  for (;;) {
    auto child = 2 * place + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->at_ < heap_[child]->at_) ++child;
    if (sinking->at_ <= heap_[child]->at_) break;
    put(place, heap_[child]);
    place = child;
  }
  put(place, sinking);
}

void DeadlineHeap::remove(std::size_t place) {
  heap_[place]->place_ = Deadline::not_set;
  auto* last = heap_.back();
  heap_.pop_back();
  if (place == heap_.size()) return;
  put(place, last);
  rise(place);
  sink(last->place_);
}

}  // namespace pocketmq::broker
