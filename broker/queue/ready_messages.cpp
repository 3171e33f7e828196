#include "broker/queue/ready_messages.hpp"

#include <cassert>
#include <utility>

namespace pocketmq::broker {

void ReadyMessages::append(QueuedMessage&& message) {
  count(message);
  levels_[message.priority].fresh.push_back(std::move(message));
}

void ReadyMessages::put_back(QueuedMessage&& message) {
  count(message);
  levels_[message.priority].returned.insert(std::move(message));
}

void ReadyMessages::count(const QueuedMessage& message) {
  ++size_;
  bytes_ += message.message.body().size();
}

ReadyMessages::First ReadyMessages::front() const {
  assert(!empty());
  const auto& [returned, fresh] = levels_.begin()->second;
  if (returned.empty()) return {.position = fresh.first_position(), .expires_at = fresh.first_expires_at()};
  return {.position = returned.front().position, .expires_at = returned.front().expires_at};
}

QueuedMessage ReadyMessages::pop_front() {
  assert(!empty());
  auto& [priority, level] = *levels_.begin();
  auto first = level.returned.empty() ? level.fresh.pop_front() : level.returned.pop_front();
  first.priority = priority;
  if (priority != 0 && level.empty()) levels_.erase(levels_.begin());
  --size_;
  bytes_ -= first.message.body().size();
  return first;
}

}  // namespace pocketmq::broker
