// A channel's unacked deliveries by delivery tag. Tags only grow, and usually the oldest delivery is acked first.
#pragma once

#include <cstdint>
#include <optional>

#include "broker/core/sorted_runs.hpp"
#include "broker/queue/prefetch.hpp"
#include "broker/queue/queue.hpp"

namespace pocketmq::broker {

/// An unacked delivery.
struct Unacked {
  std::uint64_t tag{0};
  TimePoint since{};
  protocol::Ref<Queue> queue{};
  QueuedMessage message{};
  protocol::Ref<Prefetch> prefetch{};  // its consumer's; null for a basic.get
  bool uses_prefetch{false};           // it counts against the channel's prefetch
};

/// Deliveries by tag, oldest first.
using Deliveries = SortedRuns<Unacked, &Unacked::tag>;

/// Deliveries that were taken out of a window together.
struct Settled {
  Deliveries deliveries{};
  std::size_t prefetch_used{0};  // how many of them went to consumers
};

class UnackedWindow {
 public:
  /// Adds a delivery. Its tag must be greater than all tags before.
  void push(Unacked&& delivery);

  /// Takes out the delivery with that tag. Returns nothing if it is not in the window.
  [[nodiscard]] std::optional<Unacked> settle(std::uint64_t tag);
  /// Whether that tag is in the window.
  [[nodiscard]] bool contains(std::uint64_t tag) const { return entries_.contains(tag); }
  /// Takes out the deliveries up to that tag, until the budget is used up, and adds them to `settled`. Returns whether
  /// all were taken out.
  [[nodiscard]] bool settle_up_to(std::uint64_t tag, Settled& settled, Budget& budget);
  /// Takes out all deliveries.
  [[nodiscard]] Settled settle_all();

  /// Puts a delivery that was taken out back at its position.
  void restore(Unacked&& delivery);

  /// The oldest delivery; null if there is none.
  [[nodiscard]] const Unacked* oldest() const { return entries_.empty() ? nullptr : &entries_.front(); }

  /// Calls `visit(const Unacked&)` for each delivery, the oldest first.
  bool for_each(auto&& visit) const { return entries_.for_each_from(0, visit); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  /// How many deliveries went to consumers (and not to basic.get).
  [[nodiscard]] std::size_t prefetch_used() const { return prefetch_used_; }

 private:
  Deliveries entries_;
  std::size_t prefetch_used_{0};
};

}  // namespace pocketmq::broker
