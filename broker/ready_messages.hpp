// A queue's ready messages in the order in which they leave: the highest priority first, and within a priority what was
// put back, by position, before what was never delivered.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>

#include "broker/queued_message.hpp"

namespace pocketmq::broker {

class ReadyMessages {
 public:
  /// Behind all of its priority. Positions of appended messages only grow.
  void append(QueuedMessage message);
  /// A message that had left comes back, before all of its priority that were only appended.
  void put_back(QueuedMessage message);

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Of the messages' bodies.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  /// Only while there is one.
  [[nodiscard]] const QueuedMessage& front() const;
  [[nodiscard]] QueuedMessage pop_front();

 private:
  struct Level {
    std::map<std::uint64_t, QueuedMessage> returned;  // by position
    std::deque<QueuedMessage> fresh;

    [[nodiscard]] bool empty() const { return returned.empty() && fresh.empty(); }
  };

  void count(const QueuedMessage& message);

  // By priority. Level 0 is always there, any other only while it has messages: so the first is where to look.
  std::map<std::uint8_t, Level, std::greater<>> levels_{{0, Level{}}};
  std::size_t size_{0};
  std::uint64_t bytes_{0};
};

}  // namespace pocketmq::broker
