// What a broker holds for its clients, in bytes, and the marks that bound it.
//
// At the mark memory is scarce: a connection is held at its next publish, unless it has something by which it may free
// memory, such as unacked deliveries. At the hard mark, a quarter above, memory is exhausted: nobody's publish is
// taken, and no queue, exchange or binding is made. Once a connection waits, memory stays scarce until a tenth of the
// mark is free, so that connections do not stop and go with every message.
//
// Held are messages (a block once, however many queues it is in), their places in queues, output, and objects: what
// connections, channels, queues, exchanges, bindings and consumers take themselves, by estimate, and their arguments.
// Objects never take more than the mark, and an eighth of it is for connections, channels and consumers only: they
// still come in when others' queues, exchanges and bindings are very many. What is on its way in is counted apart and
// has a share of its own, see intake.hpp: no connection ever waits for what waiting connections hold.
#pragma once

#include <list>
#include <optional>
#include <string>

#include "protocol/base/memory_account.hpp"

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
  [[nodiscard]] bool waits_for_memory() const { return line_position_.has_value(); }

 private:
  friend class Memory;

  /// Memory is no longer scarce, for now. Called in the middle of whatever freed it: act at the end of the turn. The
  /// place in the line is kept until `wait_no_more`.
  virtual void memory_is_back() = 0;

  Memory& memory_;
  std::optional<std::list<MemoryWaiter*>::iterator> line_position_;
};

class Memory final : public protocol::MemoryAccount {
 public:
  explicit Memory(std::size_t mark_bytes) : mark_{mark_bytes}, scarce_at_{mark_bytes} {}

  [[nodiscard]] bool is_scarce() const { return used() >= scarce_at_; }
  [[nodiscard]] bool is_exhausted() const { return used() >= hard_mark(); }
  [[nodiscard]] std::size_t mark() const { return mark_; }
  [[nodiscard]] std::size_t hard_mark() const { return mark_ + mark_ / 4; }

  /// Input that was not carried out yet: buffers, and contents that have not come whole.
  [[nodiscard]] protocol::MemoryAccount& incoming() { return incoming_; }
  /// Whether what is on its way in has taken up its share, a quarter of the mark.
  [[nodiscard]] bool is_crowded() const { return incoming_.used() >= mark_ / 4; }
  /// Whether it has taken up half as much again.
  [[nodiscard]] bool is_packed() const { return incoming_.used() >= mark_ / 4 + mark_ / 8; }
  /// Whether that and what is held are too much together: half above the mark.
  [[nodiscard]] bool is_flooded() const { return used() + incoming_.used() >= mark_ + mark_ / 2; }

  /// An object is held: charges it, as such and among all.
  void charge_object(std::size_t bytes) {
    charge(bytes);
    objects_ += bytes;
  }
  void release_object(std::size_t bytes) {
    objects_ -= bytes;
    release(bytes);
  }
  /// Whether there may be one more connection, channel or consumer. Full queues do not keep them away.
  [[nodiscard]] bool takes_users() const { return objects_ < mark_; }
  /// Whether there may be one more queue, exchange or binding. They leave room for users.
  [[nodiscard]] bool takes_objects() const { return objects_ < mark_ - mark_ / 8 && !is_exhausted(); }
  /// For who is refused: "the broker holds 130000 bytes; its memory limit is 100000".
  [[nodiscard]] std::string describe() const;

  /// All of it.
  [[nodiscard]] std::size_t total() const { return used() + incoming_.used(); }

 private:
  friend class MemoryWaiter;

  void fell() override;
  [[nodiscard]] std::size_t low_mark() const { return mark_ - mark_ / 10; }

  class Incoming final : public protocol::MemoryAccount {};

  const std::size_t mark_;
  std::size_t scarce_at_;  // the mark; the low mark once somebody waits
  std::size_t objects_{0};
  Incoming incoming_;
  std::list<MemoryWaiter*> line_;
};

}  // namespace pocketmq::broker
