#include "broker/queue/consumer_rotation.hpp"

#include "broker/queue/consumer.hpp"

namespace pocketmq::broker {

Consumer* ConsumerRotation::any() const {
  auto* willing = first_willing();
  return willing != nullptr || held_.empty() ? willing : held_.front();
}

void ConsumerRotation::join(Consumer& consumer) {
  ++size_;
  auto& level = willing_[consumer.priority()];
  consumer.rotation_position_ = level.insert(level.end(), &consumer);
  if (rule_ == Rule::one_at_a_time && active_ == nullptr) active_ = &consumer;
}

void ConsumerRotation::leave(Consumer& consumer) {
  --size_;
  if (consumer.held_) {
    held_.erase(consumer.rotation_position_);
  } else {
    const auto level = willing_.find(consumer.priority());
    level->second.erase(consumer.rotation_position_);
    remove_if_empty(level);
  }
  // Of those who wait none has been asked, so none is held.
  if (active_ == &consumer) active_ = first_willing();
}

void ConsumerRotation::remove_if_empty(Willing::iterator level) {
  if (level->second.empty() && level->first != 0) willing_.erase(level);
}

Consumer* ConsumerRotation::first_willing() const {
  for (const auto& [priority, level] : willing_)
    if (!level.empty()) return level.front();
  return nullptr;
}

Consumer* ConsumerRotation::next(Budget& budget) {
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
    level.splice(level.end(), level, first->rotation_position_);
    return first;
  }
  return nullptr;
}

void ConsumerRotation::hold(Consumer& consumer) {
  const auto level = willing_.find(consumer.priority());
  held_.splice(held_.end(), level->second, consumer.rotation_position_);
  remove_if_empty(level);
  consumer.hold();
}

bool ConsumerRotation::resume(Consumer& consumer) {
  if (!consumer.held_) return false;
  auto& level = willing_[consumer.priority()];
  level.splice(level.end(), held_, consumer.rotation_position_);
  consumer.let_go();
  return true;
}

}  // namespace pocketmq::broker
