#include "broker/queue/ready_messages.hpp"

#include <cassert>
#include <utility>

namespace pocketmq::broker {
namespace {

// About the bytes of a level with one message, without the message's entry.
constexpr std::size_t level_bytes = 192;

}  // namespace

void ReadyMessages::append(QueuedMessage&& message) {
  count(message);
  level_of(message).fresh.push_back(std::move(message));
}

void ReadyMessages::put_back(QueuedMessage&& message) {
  count(message);
  level_of(message).returned.insert(std::move(message));
}

void ReadyMessages::count(const QueuedMessage& message) {
  ++size_;
  bytes_ += message.message.body().size();
}

// Level 0 is not charged, because it is counted with the queue.
ReadyMessages::Level& ReadyMessages::level_of(const QueuedMessage& message) {
  const auto [found, is_new] = levels_.try_emplace(message.priority);
  auto& level = found->second;
  if (is_new && message.priority != 0) level.charge = {*account_, level_bytes};
  return level;
}

ReadyMessages::First ReadyMessages::front() const {
  assert(!empty());
  const auto& [returned, fresh, charge] = levels_.begin()->second;
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
