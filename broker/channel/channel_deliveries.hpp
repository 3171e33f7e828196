// What a channel was given and has not acked: it is settled by ack, nack and reject, comes back by recover, and must be
// settled in time (RabbitMQ's consumer timeout).
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
  /// The tag that the next delivery gets.
  [[nodiscard]] std::uint64_t next_tag() const { return next_tag_; }

  /// The client has been sent a delivery that it is to ack.
  void await_ack(Unacked&& delivery);
  /// Carries out an ack, nack or reject; in a transaction that waits for the commit. Returns false if it takes more
  /// than the slice: then `go_on_settling` goes on with it. Throws ChannelError 406 for an unknown tag.
  [[nodiscard]] bool settle(Outcome outcome, std::uint64_t tag, bool multiple);
  [[nodiscard]] bool is_settling() const { return settling_ != nullptr; }
  /// Returns whether that was the rest of it.
  [[nodiscard]] bool go_on_settling();
  /// basic.recover: all of them come back to their queues.
  void requeue_all();
  /// The channel ends: all of them are lost. Those that are being settled and were found already are settled.
  void give_up();

  /// A delivery that was settled in a transaction is unacked again, under its old tag.
  void restore(Unacked&& delivery) { unacked_.restore(std::move(delivery)); }
  /// After the last of those: looks at the ack deadline again.
  void restored();

  [[nodiscard]] std::size_t size() const { return unacked_.size(); }
  /// How many of them, and of those that are being settled, came through consumers: they take the channel's prefetch.
  [[nodiscard]] std::size_t consumed() const {
    return unacked_.consumed() + (settling_ ? settling_->found.consumed : 0);
  }
  void add_to(Holdings& holdings) const;

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

  ChannelScope& scope_;
  std::uint64_t next_tag_{1};
  UnackedWindow unacked_;
  std::unique_ptr<Settling> settling_;
  Alarm<ChannelDeliveries> ack_due_;  // may be early: the oldest delivery may have been acked in time
  std::chrono::milliseconds ack_time_least_{std::chrono::milliseconds::max()};  // of the queues that it took from
};

}  // namespace pocketmq::broker
