// What a channel has been given and has not acked, by delivery tag. Tags only grow, and the oldest is usually acked
// first.
#pragma once

#include <cstdint>
#include <optional>

#include "broker/core/sorted_runs.hpp"
#include "broker/queue/prefetch.hpp"
#include "broker/queue/queue.hpp"

namespace pocketmq::broker {

/// A delivery that is not acked.
struct Unacked {
  std::uint64_t tag{0};
  TimePoint since{};
  protocol::Ref<Queue> queue{};
  QueuedMessage message{};
  protocol::Ref<Prefetch> prefetch{};  // its consumer's; none for a basic.get
  bool was_consumed{false};            // it takes the channel's prefetch
};

/// Deliveries by tag, oldest first.
using Deliveries = SortedRuns<Unacked, &Unacked::tag>;

/// Deliveries that have left a window together.
struct Settled {
  Deliveries deliveries{};
  std::size_t consumed{0};  // how many of them came through consumers
};

class UnackedWindow {
 public:
  /// `delivery.tag` is greater than any pushed before.
  void push(Unacked&& delivery);

  /// Takes out the delivery with that tag; nothing if it is not in the window.
  [[nodiscard]] std::optional<Unacked> settle(std::uint64_t tag);
  /// Whether that tag is in the window.
  [[nodiscard]] bool contains(std::uint64_t tag) const { return entries_.contains(tag); }
  /// Takes out all up to that tag, as far as the budget goes, and adds them to `settled`. Returns whether these were
  /// the last.
  [[nodiscard]] bool settle_up_to(std::uint64_t tag, Settled& settled, Budget& budget);
  /// Takes out all of them.
  [[nodiscard]] Settled settle_all();

  /// A settled one comes back to its place.
  void restore(Unacked&& delivery);

  /// The oldest; null if there is none.
  [[nodiscard]] const Unacked* oldest() const { return entries_.empty() ? nullptr : &entries_.front(); }

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  /// How many of them came through consumers.
  [[nodiscard]] std::size_t consumed() const { return consumed_; }

 private:
  Deliveries entries_;
  std::size_t consumed_{0};
};

}  // namespace pocketmq::broker
