#include "broker/queue/turn_of_consumers.hpp"

#include "broker/queue/consumer.hpp"

namespace pocketmq::broker {

Consumer* TurnOfConsumers::any() const {
  auto* willing = first_willing();
  return willing != nullptr || held_.empty() ? willing : held_.front();
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

Consumer* TurnOfConsumers::first_willing() const {
  for (const auto& [priority, level] : willing_)
    if (!level.empty()) return level.front();
  return nullptr;
}

Consumer* TurnOfConsumers::next(Budget& budget) {
  if (rule_ == Rule::one_at_a_time) {
    if (active_ == nullptr || active_->held_) return nullptr;
    if (active_->can_take()) return active_;
    hold(*active_);
    return nullptr;
  }
  while (auto* first = first_willing()) {
    budget.use(steps::for_a_consumer);
    if (!first->can_take()) {
      hold(*first);
      if (budget.is_used_up()) return nullptr;
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
