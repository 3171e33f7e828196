// Waits for conditions (condition.hpp). An await ends when its condition holds, when its time is up, or as soon as the
// condition can no longer hold.
//
// Conditions are checked after events, in a later slice of the same turn or of the next one, and never by asking again
// and again. So what is seen is what is there between two pieces of the broker's work.
//
// When can a condition no longer hold? Only if nobody can act any more. A consumer that is slow, that holds as much as
// its prefetch allows, or that is not there yet may still act, and so may a client that was cut off: it may connect
// again. So there are two cases:
// - The scope has ended.
// - `drained`, if all of this is so:
//   - There was a connection in the scope. Each has ended, and each was closed by its client without trouble. (A client
//     that was lost, or that the broker has closed, may connect again. So may one that has closed its connection
//     because the broker had refused a command, had cancelled a consumer, or a fault had happened to it.) A connection
//     that a fault has frozen counts as closed if it has no heartbeats, because then neither side notices.
//   - No connection of the broker is about to log in.
//   - Nothing is on its way to a queue.
//   - A message is ready in a queue outside `rests_in`, or unacked on a frozen connection. The queue has had a
//   consumer.
//     (One that never had a consumer may be waiting for the first one.)
//   - That message does not leave by itself: neither it nor its queue expires, and the queue has no maximal length.
//   (The
//     clock may be set ahead.)
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "broker/account/await_outcome.hpp"
#include "broker/account/condition.hpp"
#include "broker/account/condition_check.hpp"
#include "broker/account/ledger.hpp"
#include "broker/core/backlog.hpp"
#include "protocol/base/move_only_function.hpp"

namespace pocketmq::broker {

/// Used on the broker's thread only.
class Awaits final : private Ledger::Listener {
 public:
  using Done = protocol::MoveOnlyFunction<void(const AwaitOutcome&)>;

  /// Both outlive it. It is the ledger's only listener.
  Awaits(Broker& broker, Ledger& ledger);
  Awaits(const Awaits&) = delete;
  Awaits& operator=(const Awaits&) = delete;
  ~Awaits();

  /// The broker's clock must have been told the time (Clock::observe). Calls `done` in a later slice, once. `done` may
  /// add and cancel awaits. Returns a number for `cancel`, which is never 0 and never repeats.
  std::uint64_t add(Await await, Done done);
  /// Nobody waits for the outcome any more, for example because the HTTP connection has gone: `done` is destroyed
  /// without a call. Does nothing if it was called already.
  void cancel(std::uint64_t number);

  /// How many wait.
  [[nodiscard]] std::size_t count() const { return waiting_.size(); }

 private:
  struct Waiting;
  // Those who wait for the same scope.
  struct Line {
    std::set<std::uint64_t> numbers{};
    std::size_t for_messages{0};  // how many of them wait for messages
    bool is_dirty{false};         // something has happened there, and they were not checked since
  };

  void on_message(LedgerMessage& message) override;
  void on_event(LedgerScope& scope) override;
  void on_login_given_up() override;
  void mark(Line& line);
  [[nodiscard]] Line* line_of(const std::string& vhost);
  [[nodiscard]] bool go_on();
  [[nodiscard]] bool compare_touched();
  void compare_with_line(LedgerMessage& message, Line* line);
  void collect_dirty();
  [[nodiscard]] bool scan(Waiting& waiting);
  void compare(Waiting& waiting, const LedgerMessage& message);
  [[nodiscard]] std::optional<ConditionNumbers> numbers_of(const Waiting& waiting) const;
  [[nodiscard]] TimePoint quiet_at(const Waiting& waiting) const;
  [[nodiscard]] std::string why_never(const Waiting& waiting) const;
  void check(Waiting& waiting);
  void finish(Waiting& waiting, AwaitOutcome outcome);
  [[nodiscard]] std::unique_ptr<Waiting> take(std::uint64_t number);
  void wake(std::uint64_t number);

  Broker& broker_;
  Context& context_;
  Ledger& ledger_;
  std::uint64_t last_number_{0};
  std::map<std::uint64_t, std::unique_ptr<Waiting>> waiting_;
  std::map<std::string, Line> lines_;  // by virtual host
  Line all_;                           // those who wait for no scope in particular
  std::vector<Line*> dirty_;
  std::deque<std::uint64_t> touched_;  // messages to which something has happened
  std::set<std::uint64_t> to_check_;
  Backlog::Call<Awaits> work_;
};

}  // namespace pocketmq::broker
