// The last events, in a bounded number of bytes. When the ring is full, the newest event takes the place of the oldest
// ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "broker/events/stored_event.hpp"
#include "protocol/base/memory_account.hpp"

namespace pocketmq::broker {

class EventRing {
 public:
  /// The ring takes at most `max_bytes`, and charges them to `account`, which outlives it. It takes memory in blocks
  /// when it needs them, so the ring of an idle broker is small. If an event is larger than the whole ring, the ring is
  /// empty afterwards.
  EventRing(protocol::MemoryAccount& account, std::size_t max_bytes);

  /// Events are appended in the order of their numbers, and no number is left out.
  void append(const Entry& entry);

  /// The number of the oldest event in the ring; 0 if the ring is empty.
  [[nodiscard]] std::uint64_t first_number() const { return blocks_.empty() ? 0 : blocks_.front().first_number; }
  /// The memory that the ring takes now.
  [[nodiscard]] std::size_t size_bytes() const { return bytes_; }

  /// Calls `look` for at most `max_events` events, beginning with number `from`, which is in the ring or is the next
  /// one to come. Returns the number after the last of them. `look` must not append.
  std::uint64_t read(std::uint64_t from, std::size_t max_events, const LookAtEvent& look) const;

 private:
  // Each event follows its size.
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t capacity;
    protocol::MemoryCharge charge;
    std::size_t used{0};
    std::uint64_t first_number{0};
    std::uint64_t end_number{0};  // the number after its last event
  };

  [[nodiscard]] Block* room_for(std::size_t bytes);
  void drop_oldest();

  protocol::MemoryAccount& account_;
  const std::size_t max_bytes_;
  const std::size_t block_bytes_;
  std::deque<Block> blocks_;  // the oldest first, none of them empty
  std::size_t bytes_{0};
};

}  // namespace pocketmq::broker
