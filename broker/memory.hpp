// What a broker holds for its clients, in bytes, and the two marks that bound it.
//
// At the mark memory is scarce: a connection is held at its next publish, unless it has something by which it may free
// memory, such as unacked deliveries. At the hard mark, a quarter above, memory is exhausted: nobody's publish is
// taken. Once a connection waits, memory stays scarce until a tenth of the mark is free, so that connections do not
// stop and go with every message.
//
// Held are messages (a block once, however many queues it is in), their places in queues, and output. What is on its
// way in is counted apart: no connection ever waits for what waiting connections hold.
#pragma once

#include <list>
#include <optional>

#include "protocol/memory_account.hpp"

namespace pocketmq::broker {

class Memory;

/// Who waits for memory, in line with the others.
class MemoryWaiter {
 public:
  MemoryWaiter(const MemoryWaiter&) = delete;
  MemoryWaiter& operator=(const MemoryWaiter&) = delete;

 protected:
  explicit MemoryWaiter(Memory& memory) : memory_{memory} {}
  ~MemoryWaiter() { wait_no_more(); }

  /// Waits until memory is no longer scarce; who waits already keeps its place in the line.
  void wait_for_memory();
  void wait_no_more();
  [[nodiscard]] bool waits_for_memory() const { return place_.has_value(); }

 private:
  friend class Memory;

  /// Memory is no longer scarce, for now. Called in the middle of whatever freed it: act at the end of the turn. The
  /// place in the line is kept until `wait_no_more`.
  virtual void memory_is_back() = 0;

  Memory& memory_;
  std::optional<std::list<MemoryWaiter*>::iterator> place_;
};

class Memory final : public protocol::MemoryAccount {
 public:
  explicit Memory(std::size_t mark_bytes) : mark_{mark_bytes}, scarce_at_{mark_bytes} {}

  [[nodiscard]] bool is_scarce() const { return used() >= scarce_at_; }
  [[nodiscard]] bool is_exhausted() const { return used() >= hard_mark(); }
  /// Contents that have not come whole yet.
  [[nodiscard]] protocol::MemoryAccount& incoming() { return incoming_; }
  /// Whether what is held and what is on its way in are too much together.
  [[nodiscard]] bool is_flooded() const { return used() + incoming_.used() >= hard_mark(); }
  [[nodiscard]] std::size_t hard_mark() const { return mark_ + mark_ / 4; }

 private:
  friend class MemoryWaiter;

  void fell() override;
  [[nodiscard]] std::size_t low_mark() const { return mark_ - mark_ / 10; }

  class Incoming final : public protocol::MemoryAccount {};

  const std::size_t mark_;
  std::size_t scarce_at_;  // the mark; the low mark once somebody waits
  Incoming incoming_;
  std::list<MemoryWaiter*> line_;
};

}  // namespace pocketmq::broker
