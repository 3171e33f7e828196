#include "broker/ready_messages.hpp"

#include <cassert>
#include <utility>

namespace pocketmq::broker {

void ReadyMessages::append(QueuedMessage message) {
  count(message);
  levels_[message.priority].fresh.push_back(std::move(message));
}

void ReadyMessages::put_back(QueuedMessage message) {
  count(message);
  const auto position = message.position;
  levels_[message.priority].returned.emplace(position, std::move(message));
}

void ReadyMessages::count(const QueuedMessage& message) {
  ++size_;
  bytes_ += message.message.body().size();
}

const QueuedMessage& ReadyMessages::front() const {
  assert(!empty());
  const auto& level = levels_.begin()->second;
  return level.returned.empty() ? level.fresh.front() : level.returned.begin()->second;
}

QueuedMessage ReadyMessages::pop_front() {
  assert(!empty());
  auto& [priority, level] = *levels_.begin();
  QueuedMessage first;
  if (level.returned.empty()) {
    first = std::move(level.fresh.front());
    level.fresh.pop_front();
  } else {
    first = std::move(level.returned.begin()->second);
    level.returned.erase(level.returned.begin());
  }
  if (priority != 0 && level.empty()) levels_.erase(levels_.begin());
  --size_;
  bytes_ -= first.message.body().size();
  return first;
}

}  // namespace pocketmq::broker
