// Messages that nobody will have any more: purged, or of a queue that was deleted. A few are let go of at once, very
// many a slice a turn. Until then they count as memory in use.
#pragma once

#include <list>

#include "broker/deadline_heap.hpp"
#include "broker/ready_messages.hpp"

namespace pocketmq::broker {

class Context;

class Litter {
 public:
  /// `context` outlives it.
  explicit Litter(Context& context);

  void take(ReadyMessages messages);

 private:
  void let_go();

  Context& context_;
  std::list<ReadyMessages> heaps_;
  Alarm<Litter> due_;
};

}  // namespace pocketmq::broker
