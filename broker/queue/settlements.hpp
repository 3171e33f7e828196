// Settles deliveries: acks, rejects and requeues them. Very many deliveries are settled over several turns, the oldest
// first.
#pragma once

#include <cstdint>
#include <deque>

#include "broker/core/backlog.hpp"
#include "broker/queue/unacked_window.hpp"

namespace pocketmq::broker {

/// How a delivery is settled.
enum class Outcome : std::uint8_t { acked, requeued, discarded };

/// Deliveries, and how they are to be settled.
struct Settlement {
  Outcome outcome{};
  Deliveries deliveries{};
};

class Settlements {
 public:
  /// `backlog` must outlive it.
  explicit Settlements(Backlog& backlog) : backlog_{backlog} {}

  /// Settles one delivery at once. Then releases its prefetch and, if it was requeued, lets its queue deliver.
  static void carry_out(Outcome outcome, Unacked&& delivery, const Settler& by);
  /// Settles all of them. If they are requeued, all are back in their queues before the first is delivered again.
  void carry_out(Outcome outcome, Deliveries deliveries, const Settler& by);
  /// These settlements are not carried out, because their channel has ended. All their deliveries are requeued.
  void take_back(std::deque<Settlement> settlements, const Settler& by);

 private:
  class Batch;

  Backlog& backlog_;
  std::uint64_t batches_{0};
};

}  // namespace pocketmq::broker
