// What a channel has been given and has not acked, by delivery tag.
//
// Tags only grow, so the window is sorted: the oldest is at the front, where an ack usually finds it. What is settled
// out of order leaves a gap, and gaps never outnumber the deliveries that are left.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "broker/queue.hpp"

namespace pocketmq::broker {

/// A delivery that is not acked.
struct Unacked {
  std::uint64_t tag{0};
  TimePoint since{};
  protocol::Ref<Queue> queue{};
  QueuedMessage message{};
  Consumer* consumer{nullptr};  // whose prefetch it takes; none for a basic.get, or when the consumer was cancelled
  bool was_consumed{false};     // it takes the channel's prefetch
};

class UnackedWindow {
 public:
  /// `delivery.tag` is greater than any pushed before.
  void push(Unacked delivery);

  /// Takes out the delivery with that tag, or with `multiple` all up to it (0: all of them), oldest first. Nothing if
  /// the tag is not in the window (for 0 with `multiple`, an empty window gives an empty list).
  [[nodiscard]] std::optional<std::vector<Unacked>> settle(std::uint64_t tag, bool multiple);
  /// Takes out all of them, oldest first.
  [[nodiscard]] std::vector<Unacked> settle_all();

  /// Settled ones come back to their places.
  void restore(std::vector<Unacked> deliveries);

  /// The consumer goes; its deliveries stay, and take nobody's prefetch.
  void forget(const Consumer& consumer);
  /// All consumers go.
  void forget_consumers();

  /// The oldest; null if there is none.
  [[nodiscard]] const Unacked* oldest() const { return entries_.empty() ? nullptr : &entries_.front(); }

  [[nodiscard]] std::size_t size() const { return size_; }
  /// How many of them came through consumers.
  [[nodiscard]] std::size_t consumed() const { return consumed_; }

 private:
  Unacked take(Unacked& entry);
  void trim();

  std::deque<Unacked> entries_;  // a gap has no queue; neither the first nor the last is one
  std::size_t size_{0};
  std::size_t consumed_{0};
};

}  // namespace pocketmq::broker
