#include "broker/turn_of_consumers.hpp"

#include <algorithm>

#include "broker/consumer.hpp"

namespace pocketmq::broker {

std::vector<Consumer*> TurnOfConsumers::all() const {
  std::vector<Consumer*> consumers;
  for (const auto& [priority, level] : levels_) {
    std::ranges::copy(level.willing, std::back_inserter(consumers));
    std::ranges::copy(level.held, std::back_inserter(consumers));
  }
  return consumers;
}

void TurnOfConsumers::join(Consumer& consumer) {
  ++size_;
  auto& willing = levels_[consumer.priority()].willing;
  consumer.place_ = willing.insert(willing.end(), &consumer);
  consumer.held_ = false;
  if (rule_ == Rule::one_at_a_time && active_ == nullptr) active_ = &consumer;
}

void TurnOfConsumers::leave(Consumer& consumer) {
  --size_;
  const auto level = levels_.find(consumer.priority());
  (consumer.held_ ? level->second.held : level->second.willing).erase(consumer.place_);
  if (level->second.willing.empty() && level->second.held.empty()) levels_.erase(level);
  // Of those who wait none has been asked, so none is held.
  if (active_ == &consumer) active_ = levels_.empty() ? nullptr : levels_.begin()->second.willing.front();
}

Consumer* TurnOfConsumers::next() {
  if (rule_ == Rule::one_at_a_time) {
    if (active_ == nullptr || active_->held_) return nullptr;
    if (active_->can_take()) return active_;
    hold(levels_.find(active_->priority())->second, *active_);
    return nullptr;
  }
  for (auto& [priority, level] : levels_) {
    auto& willing = level.willing;
    while (!willing.empty()) {
      auto& first = *willing.front();
      if (!first.can_take()) {
        hold(level, first);
        continue;
      }
      willing.splice(willing.end(), willing, willing.begin());
      return &first;
    }
  }
  return nullptr;
}

void TurnOfConsumers::hold(Level& level, Consumer& consumer) {
  level.held.splice(level.held.end(), level.willing, consumer.place_);
  consumer.held_ = true;
}

bool TurnOfConsumers::resume(Consumer& consumer) {
  if (!consumer.held_) return false;
  auto& level = levels_.find(consumer.priority())->second;
  level.willing.splice(level.willing.end(), level.held, consumer.place_);
  consumer.held_ = false;
  return true;
}

}  // namespace pocketmq::broker
