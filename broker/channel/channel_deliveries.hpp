// The deliveries of a channel that the client has not settled yet. The client settles them by basic.ack, nack and
// reject, and requeues them by basic.recover. If a delivery stays unacked for too long, the channel is closed
// (RabbitMQ's consumer timeout).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "broker/channel/channel_scope.hpp"
#include "broker/core/deadline_heap.hpp"
#include "broker/core/holdings.hpp"
#include "broker/queue/settlements.hpp"
#include "broker/queue/unacked_window.hpp"

namespace pocketmq::broker {

class ChannelDeliveries {
 public:
  /// `scope` outlives it.
  explicit ChannelDeliveries(ChannelScope& scope);
  ChannelDeliveries(const ChannelDeliveries&) = delete;
  ChannelDeliveries& operator=(const ChannelDeliveries&) = delete;

  /// Tags never repeat on a channel (AMQP 0-9-1, 1.8.3.13).
  [[nodiscard]] std::uint64_t take_tag() { return next_tag_++; }
  /// The tag of the next delivery.
  [[nodiscard]] std::uint64_t next_tag() const { return next_tag_; }

  /// Keeps a delivery that was sent to the client, until the client settles it.
  void await_ack(Unacked&& delivery);
  /// Carries out an ack, nack or reject; in a transaction it takes effect at the commit. Returns false if it takes more
  /// than the slice: then `go_on_settling` continues it. Throws ChannelError 406 for an unknown tag.
  [[nodiscard]] bool settle(Outcome outcome, std::uint64_t tag, bool multiple);
  [[nodiscard]] bool is_settling() const { return settling_ != nullptr; }
  /// Continues an incomplete `settle`. Returns whether it is complete.
  [[nodiscard]] bool go_on_settling();
  /// Who settles a delivery: this channel. `ack_mode` is that of the delivery; an automatic one is settled at once.
  [[nodiscard]] const Settler& settler(AckMode ack_mode = AckMode::manual) const {
    return ack_mode == AckMode::manual ? manual_ : automatic_;
  }
  /// The client has acked the delivery, and the ack got lost: requeues it. Does nothing if it is not unacked.
  void lose_ack(std::uint64_t tag);
  /// basic.recover: requeues all unacked deliveries.
  void requeue_all();
  /// The channel ends: all unacked deliveries are requeued. So are those that an uncommitted transaction has settled.
  /// If a `settle` is incomplete, the deliveries that it has found are settled.
  void requeue_unacked();

  /// Makes a delivery that was settled in a transaction unacked again, under its old tag.
  void restore(Unacked&& delivery) { unacked_.restore(std::move(delivery)); }
  /// Call this after the last `restore`: it updates the ack deadline.
  void restored();

  [[nodiscard]] std::size_t size() const { return unacked_.size(); }
  /// How many unacked deliveries, and deliveries of an incomplete `settle`, came through consumers: they count against
  /// the channel's prefetch.
  [[nodiscard]] std::size_t prefetch_used() const {
    return unacked_.prefetch_used() + (settling_ ? settling_->found.prefetch_used : 0);
  }
  void add_to(Holdings& holdings) const;
  /// Calls `visit(const Unacked&)` for each unacked delivery, and for those of an incomplete `settle`.
  /// How many are not settled, those of an incomplete `settle` included.
  [[nodiscard]] std::size_t unsettled_count() const {
    return unacked_.size() + (settling_ ? settling_->found.deliveries.size() : 0);
  }
  bool for_each(auto&& visit) const {
    return (!settling_ || settling_->found.deliveries.for_each_from(0, visit)) && unacked_.for_each(visit);
  }

 private:
  // An ack or nack with `multiple` that takes more than a slice.
  struct Settling {
    Outcome outcome;
    std::uint64_t up_to;
    Settled found{};
  };

  void settle_one(Outcome outcome, Unacked&& delivery);
  [[nodiscard]] bool settle_up_to(Outcome outcome, std::uint64_t tag);
  void carry_out(Outcome outcome, Settled settled);
  [[nodiscard]] std::chrono::milliseconds ack_time_of(const Queue& queue) const;
  void watch_ack_of(const Unacked& delivery);
  void fail_if_acks_are_overdue();

  [[nodiscard]] Settler settler_that_requeues(event::Requeued why) const {
    return {.channel = scope_.actor(), .why_requeued = why};
  }

  ChannelScope& scope_;
  const Settler manual_{.channel = scope_.actor()};
  const Settler automatic_{.channel = scope_.actor(), .ack_mode = AckMode::automatic};
  std::uint64_t next_tag_{1};
  UnackedWindow unacked_;
  std::unique_ptr<Settling> settling_;
  Alarm<ChannelDeliveries> ack_due_;  // may be early: the oldest delivery may have been acked in time
  std::chrono::milliseconds ack_time_least_{std::chrono::milliseconds::max()};  // of the queues that delivered here
};

}  // namespace pocketmq::broker
