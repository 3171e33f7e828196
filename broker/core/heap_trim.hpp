// Gives memory back to the system: what was freed in the middle of its heap the allocator keeps, however much it is.
// It is done when the broker has nothing else to do; and before, as often as so much was freed that to deal with all of
// it later would take longer than a turn should.
#pragma once

#include <cstddef>

#include "broker/core/deadline_heap.hpp"

namespace pocketmq::broker {

class Context;

class HeapTrim {
 public:
  /// `context` outlives it.
  explicit HeapTrim(Context& context);

  /// For a process that is a broker: from now on the allocator leaves it to the broker to give memory back, instead of
  /// giving back in the middle of its work what it asks for again a moment later.
  static void take_over();

  /// After a slice of work that has freed thousands of small pieces: has the allocator merge them with what is free
  /// around them. It would put that off, and merge what all slices have freed in a single turn.
  static void merge_small_pieces();

  /// Looks at how much is held, at the end of each turn. When that has fallen far, small pieces are merged, and free
  /// memory is given back: a little of much later, more as soon as there was no turn for a while, and very much at
  /// once.
  void observe();

 private:
  void give_back_when_quiet();
  void give_back();

  Context& context_;
  // That was held, each since then.
  std::size_t most_since_merged_{0};
  std::size_t most_since_given_back_{0};
  std::size_t most_since_quiet_{0};
  TimePoint latest_{};  // for what has fallen since then
  Alarm<HeapTrim> due_;
};

}  // namespace pocketmq::broker
