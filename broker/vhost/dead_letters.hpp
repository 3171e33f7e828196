// Messages that queues have given up, on their way to dead-letter exchanges.
//
// They are collected while queues are at work and published when that is over, so that no queue's operation comes in
// the middle of another's: with the rest of the slice, and very many a slice a turn. Those that die on the way wait for
// another slice: a ring of full queues does not hold the broker up. Where
// memory is exhausted, one that would go to several queues waits, and all behind it, until there is some: letters that
// go to one queue need no more than they free.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "broker/core/context.hpp"
#include "broker/queue/fan_out.hpp"
#include "broker/queue/publisher.hpp"
#include "broker/queue/queue.hpp"
#include "broker/routing/exchange_directory.hpp"
#include "broker/routing/router.hpp"

namespace pocketmq::broker {

class DeadLetters final : private Publisher {
 public:
  /// All three outlive it.
  DeadLetters(const ExchangeDirectory& directory, Router& router, Context& context);

  /// The message is published with the rest of the slice that is going on, after the command, or in another slice.
  void collect(Queue& from, Message message, DeathReason reason);

 private:
  struct Letter {
    protocol::Ref<Queue> from;
    Message message;
    DeathReason reason;
    protocol::MemoryCharge charge;
  };

  [[nodiscard]] bool publish_some();
  [[nodiscard]] bool publish_one();
  /// False where it has to wait for memory.
  [[nodiscard]] bool publish(const Letter& letter);
  [[nodiscard]] bool has_memory_for(std::size_t queues);
  void go_on() { work_.wait_in_line(); }
  [[nodiscard]] bool leave_out_circles();
  [[nodiscard]] static bool share_dead_letters_left(const Letter& letter, Message& dead, std::size_t letters);
  void accepted(std::uint64_t) override {}
  void refused(std::uint64_t) override {}

  const ExchangeDirectory& directory_;
  Router& router_;
  Context& context_;
  std::deque<Letter> waiting_;
  bool is_publishing_{false};
  bool lacks_memory_{false};
  Backlog::Call<DeadLetters> work_;
  Alarm<DeadLetters> retry_due_;

  // One that takes more than a slice: it is routed, circles are left out, it is handed over.
  std::unique_ptr<Routing> routing_;
  std::vector<protocol::Ref<Queue>> found_, accepted_;
  std::unique_ptr<FanOut> fan_out_;
};

}  // namespace pocketmq::broker
