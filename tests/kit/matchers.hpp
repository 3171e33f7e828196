// What a test waits for, expects, and lets go wrong, in a few words:
//
//     scope.await(message().to("orders.paid").is(MessageState::acked));
//     scope.await(queue("mail").ready(0).unacked(0));
//     scope.await(drained().resting_in("dead"));
//     scope.fault(on("basic.deliver").queue("orders").nth(2), fault::CutOff{});
//
// A text is exact; `matching("^orders[.]")` is a pattern.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "broker/account/condition.hpp"
#include "broker/control/fault_rule.hpp"

namespace pocketmq::testkit {

namespace fault = broker::fault;
using broker::MessageState;
using broker::TextMatch;

/// A text in which the pattern is found; `^` and `$` anchor it. Throws broker::PatternError.
[[nodiscard]] inline TextMatch matching(std::string pattern) { return TextMatch{broker::Pattern{std::move(pattern)}}; }

/// Messages that were published in the scope. What is not said is not compared.
class MessageMatcher {
 public:
  MessageMatcher to(TextMatch routing_key) && { return match_.routing_key = std::move(routing_key), std::move(*this); }
  MessageMatcher exchange(TextMatch name) && { return match_.exchange = std::move(name), std::move(*this); }
  /// That are in the queue, or have been; with `is`, that are that in the queue.
  MessageMatcher queue(TextMatch name) && { return match_.queue = std::move(name), std::move(*this); }
  MessageMatcher body(TextMatch text) && { return match_.body = std::move(text), std::move(*this); }
  MessageMatcher is(MessageState state) && { return match_.state = state, std::move(*this); }
  /// How many; 1 if it is not said. An await is content with more.
  MessageMatcher times(std::uint64_t count) && { return count_ = count, std::move(*this); }

  [[nodiscard]] const broker::MessageMatch& match() const { return match_; }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  operator broker::Condition() const { return broker::MessageCondition{.match = match_, .count = count_}; }

 private:
  broker::MessageMatch match_{};
  std::uint64_t count_{1};
};
[[nodiscard]] inline MessageMatcher message() { return {}; }

/// A queue that is there and has these numbers at one moment.
class QueueMatcher {
 public:
  explicit QueueMatcher(std::string name) { condition_.name = std::move(name); }

  QueueMatcher ready(std::uint64_t count) && { return condition_.ready = exactly(count), std::move(*this); }
  QueueMatcher unacked(std::uint64_t count) && { return condition_.unacked = exactly(count), std::move(*this); }
  QueueMatcher consumers(std::uint64_t count) && { return condition_.consumers = exactly(count), std::move(*this); }

  operator broker::Condition() const { return condition_; }

 private:
  static broker::WantedNumber exactly(std::uint64_t count) { return {.number = count}; }

  broker::QueueCondition condition_{};
};
[[nodiscard]] inline QueueMatcher queue(std::string name) { return QueueMatcher{std::move(name)}; }

/// Every message that was published has ended, or rests where it may; see broker/account/condition.hpp.
class DrainedMatcher {
 public:
  DrainedMatcher resting_in(std::string queue) && {
    return condition_.rests_in.push_back(std::move(queue)), std::move(*this);
  }
  /// At least so many were published; 1 if it is not said.
  DrainedMatcher of(std::uint64_t messages) && { return condition_.count = messages, std::move(*this); }

  operator broker::Condition() const { return condition_; }

 private:
  broker::DrainedCondition condition_{};
};
[[nodiscard]] inline DrainedMatcher drained() { return {}; }

/// Exactly so many connections are open in the scope.
[[nodiscard]] inline broker::Condition connections(std::uint64_t count) {
  return broker::ConnectionsCondition{.count = {.number = count}};
}

/// Commands to which a fault happens: each one, or some of them.
class CommandsMatcher {
 public:
  explicit CommandsMatcher(std::string method) { on_.method = std::move(method); }

  CommandsMatcher connection(TextMatch name) && { return on_.connection = std::move(name), std::move(*this); }
  CommandsMatcher queue(TextMatch name) && { return on_.queue = std::move(name), std::move(*this); }
  CommandsMatcher exchange(TextMatch name) && { return on_.exchange = std::move(name), std::move(*this); }
  CommandsMatcher routing_key(TextMatch key) && { return on_.routing_key = std::move(key), std::move(*this); }
  CommandsMatcher body(TextMatch text) && { return on_.body = std::move(text), std::move(*this); }
  /// For methods that go both ways, such as basic.ack.
  CommandsMatcher to_broker() && { return on_.direction = fault::Direction::to_broker, std::move(*this); }
  CommandsMatcher to_client() && { return on_.direction = fault::Direction::to_client, std::move(*this); }
  /// Only the nth, counted from 1.
  CommandsMatcher nth(std::uint64_t number) && { return when_ = fault::Nth{number}, std::move(*this); }
  /// The first ones.
  CommandsMatcher times(std::uint64_t count) && { return when_ = fault::Times{count}, std::move(*this); }
  /// Each nth.
  CommandsMatcher every(std::uint64_t number) && { return when_ = fault::Every{number}, std::move(*this); }
  /// By the broker's seed.
  CommandsMatcher chance(double probability) && { return when_ = fault::Chance{probability}, std::move(*this); }
  /// Allows what TCP and AMQP exclude: fault::Drop, Duplicate and Reorder.
  CommandsMatcher unlawfully() && { return unlawful_ = true, std::move(*this); }

  [[nodiscard]] broker::FaultRule rule(std::string scope, fault::Action action) const {
    return {.scope = std::move(scope), .on = on_, .when = when_, .act = std::move(action), .unlawful = unlawful_};
  }

 private:
  fault::On on_{};
  fault::When when_{};
  bool unlawful_{false};
};
/// The commands of that method, by AMQP's name: "basic.publish".
[[nodiscard]] inline CommandsMatcher on(std::string method) { return CommandsMatcher{std::move(method)}; }

}  // namespace pocketmq::testkit
