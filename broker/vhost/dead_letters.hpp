// Publishes dead letters to the dead-letter exchanges of their queues.
//
// Dead letters are collected while a queue works and published afterwards, so that no queue changes in the middle of
// another queue's operation. Each queue has a line of dead letters. The lines take turns, one dead letter each. A new
// line begins in the rest of the slice; lines that are left get slices in later turns. A dead letter that dies again
// waits for another slice, so a ring of full queues does not stop the broker.
//
// While memory is exhausted, a dead letter that would go to several queues waits, with all behind it in its line. If
// its queue is deleted, it is dropped instead. A dead letter for a single queue is always published, because it needs
// no more memory than it frees.
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
  /// All three must outlive it.
  DeadLetters(const ExchangeDirectory& directory, Router& router, Context& context);

  /// Adds a dead letter. It is published after the command, in the rest of the current slice or in another slice.
  void collect(Queue& from, Message message, DeathReason reason);
  /// Whether all are published or dropped.
  [[nodiscard]] bool is_empty() const { return lines_.empty(); }
  /// Those that wait for memory are tried again in the next slices.
  void retry_soon() { retry(); }

 private:
  struct Letter {
    Message message;
    DeathReason reason;
    protocol::MemoryCharge charge;
  };
  struct Line {
    [[nodiscard]] const std::string& virtual_host_name() const { return from->virtual_host_name(); }

    protocol::Ref<Queue> from;
    protocol::MemoryCharge charge;
    std::list<Letter> letters{};  // never empty

    // The progress of the first letter if it takes more than one slice: search, removal of cycles, fan-out.
    std::unique_ptr<Routing> routing{};
    std::vector<protocol::Ref<Queue>> found{}, accepted{};
    bool had_cycle{false};
    std::unique_ptr<FanOut> fan_out{};
  };
  using Lines = std::list<Line>;

  // The progress of a line's first letter.
  enum class Progress : std::uint8_t { done, paused, lacks_memory };

  [[nodiscard]] Line& line_of(Queue& from);
  [[nodiscard]] bool publish_new();
  [[nodiscard]] bool publish_waiting();
  void publish_in_turn(Lines& lines);
  void retry();
  [[nodiscard]] Progress publish_first(Line& line);
  [[nodiscard]] Progress route_first(Line& line);
  [[nodiscard]] Message dead_letter(const Queue& from, const Letter& letter, const Exchange& exchange) const;
  [[nodiscard]] bool remove_cycles(Line& line);
  void begin_fan_out(Line& line);
  void announce(const Line& line, Message& dead, auto& queues, const RouteRecord& record);
  void tell_dead_letter(const Line& line, const Message& dead) const;
  void drop_first(const Line& line, event::Dropped reason);
  [[nodiscard]] static bool share_dead_letters_left(const Letter& letter, Message& dead, std::size_t letters);
  void accepted(std::uint64_t) override {}
  void refused(std::uint64_t) override {}

  const ExchangeDirectory& directory_;
  Router& router_;
  Context& context_;
  Lines new_, waiting_, lacking_memory_;
  GradualMap<const Queue*, Lines::iterator> lines_;  // all lines
  std::size_t letters_{0};                           // in all lines
  bool is_publishing_{false};
  Backlog::Call<DeadLetters> rest_of_slice_, work_;
  Alarm<DeadLetters> retry_due_;
};

}  // namespace pocketmq::broker
