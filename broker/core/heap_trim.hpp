// Gives memory back to the system: what was freed in the middle of its heap the allocator keeps, however much it is.
// It is done when the broker has nothing else to do; and before, as often as so much was freed that to deal with all of
// it later would take longer than a turn should.
//
// The allocator looks at every hole of its heap each time, also at those that it has given back. Where there are very
// many it takes longer than a turn may. Then it is only done when nobody waits, and takes a hundredth of the time.
#pragma once

#include <chrono>
#include <cstddef>

#include "broker/core/deadline_heap.hpp"
#include "protocol/base/move_only_function.hpp"

namespace pocketmq::broker {

class Context;

class HeapTrim {
 public:
  /// Gives back what can be given back, and returns how long that took.
  using Trim = protocol::MoveOnlyFunction<std::chrono::nanoseconds()>;

  /// `context` outlives it.
  explicit HeapTrim(Context& context, Trim trim = trim_heap);

  /// For a process that is a broker: from now on the allocator leaves it to the broker to give memory back, instead of
  /// giving back in the middle of its work what it asks for again a moment later.
  static void take_over();

  /// After a slice of work that has freed thousands of small pieces: has the allocator merge them with what is free
  /// around them. It would put that off, and merge what all slices have freed in a single turn.
  static void merge_small_pieces();

  /// Looks at how much is held, at the end of each turn. When that has fallen far, small pieces are merged, and free
  /// memory is given back: a little of much later, more as soon as there was no turn for a while, and very much at
  /// once. But once giving back has taken long it waits until there was no turn for a while.
  void observe();

 private:
  static std::chrono::nanoseconds trim_heap();
  void give_back_when_quiet();
  void give_back();

  Context& context_;
  Trim trim_;
  // That was held, each since then.
  std::size_t most_since_merged_{0};
  std::size_t most_since_given_back_{0};
  std::size_t most_since_quiet_{0};
  TimePoint latest_{};      // for what has fallen since then
  bool takes_long_{false};  // as it was seen the last time
  TimePoint rested_at_{};   // after that
  Alarm<HeapTrim> due_;
};

}  // namespace pocketmq::broker
