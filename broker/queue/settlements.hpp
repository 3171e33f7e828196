// What becomes of deliveries. Of very many that are settled together only some are dealt with at once, and the others,
// oldest first, a slice a turn.
#pragma once

#include <cstdint>
#include <deque>

#include "broker/core/backlog.hpp"
#include "broker/queue/unacked_window.hpp"

namespace pocketmq::broker {

/// What becomes of a delivery.
enum class Outcome : std::uint8_t {
  acked,
  requeued,
  discarded,
  lost  // its channel has gone; it is requeued
};

/// Deliveries and what is to become of them.
struct Settlement {
  Outcome outcome{};
  Deliveries deliveries{};
};

class Settlements {
 public:
  /// `backlog` outlives it.
  explicit Settlements(Backlog& backlog) : backlog_{backlog} {}

  /// Afterwards prefetch is released, and the queue that has got it back delivers it again.
  static void carry_out(Outcome outcome, Unacked&& delivery);
  /// All of them are back in their places before the first is delivered again.
  void carry_out(Outcome outcome, Deliveries deliveries);
  /// They do not come to pass, and their channel has gone: all deliveries are lost.
  void take_back(std::deque<Settlement> settlements);

 private:
  class Batch;

  Backlog& backlog_;
  std::uint64_t batches_{0};
};

}  // namespace pocketmq::broker
