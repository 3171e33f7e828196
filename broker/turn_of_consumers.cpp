#include "broker/turn_of_consumers.hpp"

#include <algorithm>

#include "broker/consumer.hpp"

namespace pocketmq::broker {

std::vector<Consumer*> TurnOfConsumers::all() const {
  std::vector<Consumer*> consumers;
  for (const auto& [priority, level] : willing_) std::ranges::copy(level, std::back_inserter(consumers));
  std::ranges::copy(held_, std::back_inserter(consumers));
  std::ranges::stable_sort(consumers, std::ranges::greater{}, &Consumer::priority);
  return consumers;
}

void TurnOfConsumers::join(Consumer& consumer) {
  ++size_;
  auto& level = willing_[consumer.priority()];
  consumer.place_ = level.insert(level.end(), &consumer);
  if (rule_ == Rule::one_at_a_time && active_ == nullptr) active_ = &consumer;
}

void TurnOfConsumers::leave(Consumer& consumer) {
  --size_;
  if (consumer.held_) {
    held_.erase(consumer.place_);
  } else {
    const auto level = willing_.find(consumer.priority());
    level->second.erase(consumer.place_);
    remove_if_empty(level);
  }
  // Of those who wait none has been asked, so none is held.
  if (active_ == &consumer) active_ = first_willing();
}

void TurnOfConsumers::remove_if_empty(Willing::iterator level) {
  if (level->second.empty() && level->first != 0) willing_.erase(level);
}

Consumer* TurnOfConsumers::first_willing() {
  for (const auto& [priority, level] : willing_)
    if (!level.empty()) return level.front();
  return nullptr;
}

Consumer* TurnOfConsumers::next() {
  if (rule_ == Rule::one_at_a_time) {
    if (active_ == nullptr || active_->held_) return nullptr;
    if (active_->can_take()) return active_;
    hold(*active_);
    return nullptr;
  }
  while (auto* first = first_willing()) {
    if (!first->can_take()) {
      hold(*first);
      continue;
    }
    auto& level = willing_.find(first->priority())->second;
    level.splice(level.end(), level, first->place_);
    return first;
  }
  return nullptr;
}

void TurnOfConsumers::hold(Consumer& consumer) {
  const auto level = willing_.find(consumer.priority());
  held_.splice(held_.end(), level->second, consumer.place_);
  remove_if_empty(level);
  consumer.hold();
}

bool TurnOfConsumers::resume(Consumer& consumer) {
  if (!consumer.held_) return false;
  auto& level = willing_[consumer.priority()];
  level.splice(level.end(), held_, consumer.place_);
  consumer.let_go();
  return true;
}

}  // namespace pocketmq::broker
