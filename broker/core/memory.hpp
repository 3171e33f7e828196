// The bytes that a broker holds for its clients, and the marks that bound them.
//
// At the mark memory is scarce: each connection is held at its next publish, unless the connection has something by
// which it can free memory, such as unacked deliveries. At the hard mark, a quarter above, memory is exhausted: no
// publish is accepted, and no queue, exchange or binding is created. Once a connection waits, memory stays scarce until
// a tenth of the mark is free. Otherwise connections would stop and go on with every message.
//
// The count contains messages (each block once, in however many queues it is), queue entries, output, and objects:
// connections, channels, queues, exchanges, bindings and consumers, each by an estimate, and their arguments. Objects
// never take more than the mark. An eighth of the mark is reserved for connections, channels and consumers, so that
// clients can still connect when there are very many queues, exchanges and bindings. Incomplete input is counted
// separately and has its own share, see intake.hpp. So no connection ever waits for the input of connections that wait.
#pragma once

#include <list>
#include <optional>
#include <string>

#include "protocol/base/memory_account.hpp"

namespace pocketmq::broker {

class Memory;

/// A connection that may wait for memory, in line with others.
class MemoryWaiter {
 public:
  MemoryWaiter(const MemoryWaiter&) = delete;
  MemoryWaiter& operator=(const MemoryWaiter&) = delete;

 protected:
  explicit MemoryWaiter(Memory& memory) : memory_{memory} {}
  ~MemoryWaiter() { wait_no_more(); }

  /// Waits until memory is no longer scarce. If it waits already, it keeps its position in the line.
  void wait_for_memory();
  void wait_no_more();
  [[nodiscard]] bool waits_for_memory() const { return line_position_.has_value(); }

 private:
  friend class Memory;

  /// Memory is no longer scarce, for now. Called in the middle of the work that freed it, so act at the end of the
  /// turn. The waiter keeps its position in the line until `wait_no_more`.
  virtual void memory_is_back() = 0;

  Memory& memory_;
  std::optional<std::list<MemoryWaiter*>::iterator> line_position_;
};

class Memory final : public protocol::MemoryAccount {
 public:
  /// Is told that the first connection waits for memory, and that none has to wait any more.
  class Listener {
   public:
    virtual void on_scarce() = 0;
    virtual void on_freed() = 0;

   protected:
    ~Listener() = default;
  };

  /// `listener` outlives it; it may be null.
  explicit Memory(std::size_t mark_bytes, Listener* listener = nullptr)
      : listener_{listener}, mark_{mark_bytes}, scarce_at_{mark_bytes} {}

  [[nodiscard]] bool is_scarce() const { return used() >= scarce_at_; }
  [[nodiscard]] bool is_exhausted() const { return used() >= hard_mark(); }
  [[nodiscard]] std::size_t mark() const { return mark_; }
  [[nodiscard]] std::size_t hard_mark() const { return mark_ + mark_ / 4; }

  /// Input that was not handled yet: buffers, and contents that are incomplete.
  [[nodiscard]] protocol::MemoryAccount& incoming() { return incoming_; }
  /// Whether incoming memory fills its share, a quarter of the mark.
  [[nodiscard]] bool is_crowded() const { return incoming_.used() >= mark_ / 4; }
  /// Whether incoming memory takes three eighths of the mark, half more than its share.
  [[nodiscard]] bool is_packed() const { return incoming_.used() >= mark_ / 4 + mark_ / 8; }
  /// Whether incoming and held memory together are one and a half times the mark.
  [[nodiscard]] bool is_flooded() const { return used() + incoming_.used() >= mark_ + mark_ / 2; }

  /// Charges an object, to the objects and to the whole.
  void charge_object(std::size_t bytes) {
    charge(bytes);
    objects_ += bytes;
  }
  void release_object(std::size_t bytes) {
    objects_ -= bytes;
    release(bytes);
  }
  /// Whether a connection, channel or consumer may be added. Messages in queues do not prevent that.
  [[nodiscard]] bool has_room_for_clients() const { return objects_ < mark_; }
  /// Whether a queue, exchange or binding may be added. They leave an eighth of the mark to clients.
  [[nodiscard]] bool has_room_for_topology() const { return objects_ < mark_ - mark_ / 8 && !is_exhausted(); }
  /// For refusals: "the broker holds 130000 bytes; its memory limit is 100000".
  [[nodiscard]] std::string describe() const;

  /// Held and incoming bytes together.
  [[nodiscard]] std::size_t total() const { return used() + incoming_.used(); }

 private:
  friend class MemoryWaiter;

  void on_below_watched() override;
  [[nodiscard]] std::size_t low_mark() const { return mark_ - mark_ / 10; }

  class Incoming final : public protocol::MemoryAccount {};

  Listener* const listener_;
  const std::size_t mark_;
  std::size_t scarce_at_;  // the mark, or the low mark once a connection waits
  std::size_t objects_{0};
  Incoming incoming_;
  std::list<MemoryWaiter*> line_;
};

}  // namespace pocketmq::broker
