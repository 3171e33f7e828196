// The last events, in a bounded number of bytes. When there is no more room the oldest make place for the newest.
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
  /// Takes at most `max_bytes`, all of them charged to `account`, which outlives it. It takes them in blocks, as they
  /// are needed: an idle broker's ring is small. An event that does not fit into all of it is not kept, nor are those
  /// before it.
  EventRing(protocol::MemoryAccount& account, std::size_t max_bytes);

  /// Events come one after the other, without a hole in their numbers.
  void append(const Entry& entry);

  /// The number of the oldest event that is here; 0 if there is none.
  [[nodiscard]] std::uint64_t first_number() const { return blocks_.empty() ? 0 : blocks_.front().first_number; }
  /// What it takes now.
  [[nodiscard]] std::size_t size_bytes() const { return bytes_; }

  /// Calls `look` for at most `max_events` events, beginning with number `from`, which is here or the next one to come.
  /// Returns the number behind the last of them. Nothing may be appended in the meantime.
  std::uint64_t read(std::uint64_t from, std::size_t max_events, const LookAtEvent& look) const;

 private:
  // Each event stands behind its size.
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t capacity;
    protocol::MemoryCharge charge;
    std::size_t used{0};
    std::uint64_t first_number{0};
    std::uint64_t end_number{0};  // behind its last event
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
