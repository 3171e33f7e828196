// Messages that nobody will have any more: purged, of a queue that was deleted, or of a transaction that was rolled
// back. A few are let go of at once, very many a slice a turn. Until then they count as memory in use.
#pragma once

#include <list>
#include <optional>

#include "broker/deadline_heap.hpp"
#include "broker/message.hpp"
#include "protocol/move_only_function.hpp"

namespace pocketmq::broker {

class Context;

class Litter {
 public:
  /// Gives one of the messages up; nothing when there are no more.
  using Heap = protocol::MoveOnlyFunction<std::optional<Message>()>;

  /// `context` outlives it.
  explicit Litter(Context& context);

  void take(Heap heap);

 private:
  void let_go();

  Context& context_;
  std::list<Heap> heaps_;
  Alarm<Litter> due_;
};

}  // namespace pocketmq::broker
