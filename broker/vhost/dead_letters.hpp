// Messages that queues have given up, on their way to dead-letter exchanges.
//
// They are collected while queues are at work and published when that is over, so that no queue's operation comes in
// the middle of another's. Each queue's letters stand in a line of their own, and the lines have turns of a letter
// each. The letters of a queue that had none begin with the rest of the slice, those that are left have a slice a turn.
// Those that die on the way wait for another slice: a ring of full queues does not hold the broker up.
//
// Where memory is exhausted, a letter that would go to several queues waits, and those behind it in its line, until
// there is some; but not once its queue is deleted: then it is dropped. Letters that go to one queue need no more than
// they free.
#pragma once

#include <list>
#include <memory>
#include <vector>

#include "broker/core/context.hpp"
#include "broker/core/gradual_table.hpp"
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
    Message message;
    DeathReason reason;
    protocol::MemoryCharge charge;
  };
  struct Line {
    protocol::Ref<Queue> from;
    protocol::MemoryCharge charge;
    std::list<Letter> letters{};  // a queue without letters has no line

    // The first letter, if it takes more than a slice: it is routed, circles are left out, it is handed over.
    std::unique_ptr<Routing> routing{};
    std::vector<protocol::Ref<Queue>> found{}, accepted{};
    std::unique_ptr<FanOut> fan_out{};
  };
  using Lines = std::list<Line>;

  // Of a line's first letter.
  enum class Progress : std::uint8_t { done, paused, lacks_memory };

  [[nodiscard]] Line& line_of(Queue& from);
  [[nodiscard]] bool serve_fresh();
  [[nodiscard]] bool serve_waiting();
  void serve(Lines& lines);
  void retry();
  [[nodiscard]] Progress publish_first(Line& line);
  [[nodiscard]] Progress begin(Line& line);
  [[nodiscard]] Message dead_letter(const Queue& from, const Letter& letter, const Exchange& exchange) const;
  [[nodiscard]] bool leave_out_circles(Line& line);
  void hand_over(Line& line);
  [[nodiscard]] static bool share_dead_letters_left(const Letter& letter, Message& dead, std::size_t letters);
  void accepted(std::uint64_t) override {}
  void refused(std::uint64_t) override {}

  const ExchangeDirectory& directory_;
  Router& router_;
  Context& context_;
  Lines fresh_, waiting_, lacking_memory_;
  GradualMap<const Queue*, Lines::iterator> lines_;  // all of them
  std::size_t letters_{0};                           // in all of them
  bool is_publishing_{false};
  Backlog::Call<DeadLetters> rest_of_slice_, work_;
  Alarm<DeadLetters> retry_due_;
};

}  // namespace pocketmq::broker
