// A queue's ready messages in the order of their delivery: the highest priority first; within a priority, requeued
// messages by position, then those that were never delivered.
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "broker/core/sorted_runs.hpp"
#include "broker/queue/message_line.hpp"
#include "broker/queue/queued_message.hpp"
#include "protocol/base/memory_account.hpp"

namespace pocketmq::broker {

class ReadyMessages {
 public:
  /// Charges the memory of each priority other than 0 to `account`, which must outlive it. Queue entries are charged by
  /// the queue.
  explicit ReadyMessages(protocol::MemoryAccount& account) : account_{&account} {}

  /// Adds a message behind all others of its priority. Each appended message has a higher position than those before
  /// it.
  void append(QueuedMessage&& message);
  /// Returns a message that was taken: before all of its priority that were never delivered.
  void put_back(QueuedMessage&& message);

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// The bytes of the messages' bodies.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  struct First {
    std::uint64_t position;
    TimePoint expires_at;
  };
  /// The position and the expiry of the first message. There must be one.
  [[nodiscard]] First front() const;
  /// Whether the first message was put back. There must be one.
  [[nodiscard]] bool front_is_returned() const { return !levels_.begin()->second.returned.empty(); }
  [[nodiscard]] QueuedMessage pop_front();
  /// Calls `visit(const Message&)` for each message in order, until it returns false.
  void for_each(auto&& visit) const {
    for (const auto& [priority, level] : levels_) {
      const auto visit_queued = [&](const QueuedMessage& queued) { return visit(queued.message); };
      if (!level.returned.for_each_from(0, visit_queued) || !level.fresh.for_each(visit)) return;
    }
  }

 private:
  struct Level {
    SortedRuns<QueuedMessage, &QueuedMessage::position> returned;
    MessageLine fresh;
    protocol::MemoryCharge charge{};

    [[nodiscard]] bool empty() const { return returned.empty() && fresh.empty(); }
  };

  using Levels = std::map<std::uint8_t, Level, std::greater<>>;

  void count(const QueuedMessage& message);
  [[nodiscard]] Level& level_of(const QueuedMessage& message);

  protocol::MemoryAccount* account_;
  // By priority. Level 0 stays once it exists, any other level only while it has messages. So the first level has the
  // first message.
  Levels levels_;
  std::size_t size_{0};
  std::uint64_t bytes_{0};
};

}  // namespace pocketmq::broker
