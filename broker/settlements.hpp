// What becomes of deliveries. Of very many that are settled together only some are dealt with at once, and the others,
// oldest first, a slice a turn.
#pragma once

#include <list>
#include <vector>

#include "broker/deadline_heap.hpp"
#include "broker/unacked_window.hpp"

namespace pocketmq::broker {

/// What becomes of a delivery.
enum class Outcome : std::uint8_t {
  acked,
  requeued,
  discarded,
  lost  // its channel has gone; it is requeued
};

class Settlements {
 public:
  explicit Settlements(DeadlineHeap& deadlines);

  /// Afterwards prefetch is released, and the queue that has got it back delivers it again.
  static void carry_out(Outcome outcome, Unacked&& delivery);
  /// All of them are back in their places before the first is delivered again.
  void carry_out(Outcome outcome, Deliveries deliveries);

 private:
  struct Batch {
    Outcome outcome;
    Deliveries deliveries;
    std::vector<protocol::Ref<Queue>> queues;  // where they come back to
  };

  /// Whether that was all of it.
  static bool carry_out_slice(Batch& batch);
  void go_on();

  std::list<Batch> unfinished_;
  std::uint64_t batches_{0};
  Alarm<Settlements> due_;
};

}  // namespace pocketmq::broker
