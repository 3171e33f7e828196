// Returns free memory to the system. The allocator itself keeps what was freed in the middle of its heap, however much
// it is. The heap is trimmed when the broker has nothing else to do, and earlier if so much was freed that trimming all
// of it later would take longer than a turn should.
//
// Each time the allocator looks at every hole of its heap, also at those that it has returned. With very many holes
// that takes longer than a turn may. Then the heap is only trimmed when nobody waits, and for at most a hundredth of
// the time.
#pragma once

#include <chrono>
#include <cstddef>

#include "broker/core/deadline_heap.hpp"
#include "protocol/base/move_only_function.hpp"

namespace pocketmq::broker {

class Context;

class HeapTrim {
 public:
  /// Returns free memory to the system. The result is how long that took.
  using Trim = protocol::MoveOnlyFunction<std::chrono::nanoseconds()>;

  /// `context` outlives it.
  explicit HeapTrim(Context& context, Trim trim = trim_heap);

  /// Configures the allocator of a process that is a broker. From then on the allocator leaves trimming to HeapTrim,
  /// instead of returning memory in the middle of the work that needs it again a moment later.
  static void configure_allocator();

  /// Call after a slice of work that has freed thousands of small pieces. It makes the allocator merge them with the
  /// free memory around them. Otherwise the allocator would merge what all slices have freed at once, in a single turn.
  static void merge_small_pieces();

  /// Call at the end of each turn. If the held memory has fallen far, small pieces are merged and free memory is
  /// returned: a small amount later, a larger one as soon as there was no turn for a while, and a very large one at
  /// once. But once trimming has taken long, it waits until there was no turn for a while.
  void observe();

 private:
  static std::chrono::nanoseconds trim_heap();
  void give_back_when_quiet();
  void give_back();

  Context& context_;
  Trim trim_;
  // The most that was held since the last merge, the last trim, and the last trim in a quiet moment.
  std::size_t most_since_merged_{0};
  std::size_t most_since_given_back_{0};
  std::size_t most_since_quiet_{0};
  TimePoint give_back_at_latest_{};  // when the fall has to be trimmed at the latest
  bool takes_long_{false};           // the last trim took longer than a turn may
  TimePoint not_before_{};           // no trim before that time, if trims take long
  Alarm<HeapTrim> due_;
};

}  // namespace pocketmq::broker
