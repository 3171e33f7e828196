// A queue's ready messages in the order in which they leave: the highest priority first, and within a priority what was
// put back, by position, before what was never delivered.
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
  /// What a priority takes that has few messages is charged to `account`, which outlives it. Places are not.
  explicit ReadyMessages(protocol::MemoryAccount& account) : account_{&account} {}

  /// Behind all of its priority. Positions of appended messages only grow.
  void append(QueuedMessage&& message);
  /// A message that had left comes back, before all of its priority that were only appended.
  void put_back(QueuedMessage&& message);

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Of the messages' bodies.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  struct First {
    std::uint64_t position;
    TimePoint expires_at;
  };
  /// Only while there is one.
  [[nodiscard]] First front() const;
  [[nodiscard]] QueuedMessage pop_front();

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
  // By priority. Level 0 stays once it is there, any other only while it has messages: so the first is where to look.
  Levels levels_;
  std::size_t size_{0};
  std::uint64_t bytes_{0};
};

}  // namespace pocketmq::broker
