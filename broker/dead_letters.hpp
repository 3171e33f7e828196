// Messages that queues have given up, on their way to dead-letter exchanges.
//
// They are collected while queues are at work and published when that is over, so that no queue's operation comes in
// the middle of another's. Those that die on the way wait for the next turn: a ring of full queues does not hold the
// broker up. Where memory is exhausted, one that would go to several queues waits, and all behind it, until there is
// some: letters that go to one queue need no more than they free.
#pragma once

#include <deque>

#include "broker/context.hpp"
#include "broker/publisher.hpp"
#include "broker/queue.hpp"

namespace pocketmq::broker {

class VirtualHost;

class DeadLetters final : private Publisher {
 public:
  DeadLetters(VirtualHost& virtual_host, Context& context);

  /// The message is published with the next `publish`, which is due at once.
  void collect(Queue& from, Message message, DeathReason reason);
  /// Publishes what has been collected, a slice of it if it is very much. Called after each command; the broker's tick
  /// does it for anything else.
  void publish() {
    if (!waiting_.empty() && due_.at() == TimePoint::min()) publish_slice();
  }

 private:
  struct Letter {
    protocol::Ref<Queue> from;
    Message message;
    DeathReason reason;
    protocol::MemoryCharge charge;
  };

  void publish_slice();
  /// False where it has to wait for memory.
  [[nodiscard]] bool send(const Letter& letter);
  void accepted(std::uint64_t) override {}
  void refused(std::uint64_t) override {}

  VirtualHost& virtual_host_;
  Context& context_;
  std::deque<Letter> waiting_;
  Alarm<DeadLetters> due_;
};

}  // namespace pocketmq::broker
