// What a test waits for.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "broker/account/message_match.hpp"

namespace pocketmq::broker {

/// So many messages match at one moment.
struct MessageCondition {
  MessageMatch match{};
  std::uint64_t count{1};

  static constexpr std::uint64_t count_max = 100'000;
};

/// A number that is wanted: exactly that, or at least that.
struct WantedNumber {
  enum class Is : std::uint8_t { exactly, at_least };

  std::uint64_t number{0};
  Is is{Is::exactly};

  [[nodiscard]] bool is_met_by(std::uint64_t has) const { return is == Is::exactly ? has == number : has >= number; }
  /// "3", or "at least 3".
  [[nodiscard]] std::string text() const { return (is == Is::at_least ? "at least " : "") + std::to_string(number); }
};

/// The queue is there, and has these numbers at one moment. What comes and goes within one turn of the broker may be
/// missed.
struct QueueCondition {
  std::string name{};
  std::optional<WantedNumber> ready{};
  std::optional<WantedNumber> unacked{};
  std::optional<WantedNumber> consumers{};
};

/// So many connections are open.
struct ConnectionsCondition {
  std::optional<TextMatch> name{};
  WantedNumber count{};
};

/// At least `count` messages were published, and each message has ended: it was acked, dropped, returned or replied,
/// has expired, or was dead-lettered and its dead letter has ended; or it is ready in one of the queues of `rests_in`.
/// So these are not drained: unacked messages, messages that are still to be routed or to be dead-lettered, and those
/// of open transactions. A message that a client has sent counts when the broker has read it.
///
/// A client that first acks and then publishes what follows has drained everything in between. Say with `count` how
/// many messages are to be published.
struct DrainedCondition {
  std::vector<std::string> rests_in{};
  std::uint64_t count{1};  // with 0, it also holds if nothing was published
};

/// No event for so long, by the real time. That is a guess: whoever needs longer for the next step was not done.
struct QuietCondition {
  std::chrono::nanoseconds time{std::chrono::milliseconds{200}};
};

using Condition =
    std::variant<MessageCondition, QueueCondition, ConnectionsCondition, DrainedCondition, QuietCondition>;

struct Await {
  /// Whether what was published, or has happened, before counts too. It does not matter to queues and connections. With
  /// `now`, messages and the `count` of a drained condition are counted from now on.
  enum class From : std::uint8_t { begin, now };

  Condition condition{};
  std::optional<std::string> scope{};  // a virtual host; none: all
  From from{From::begin};
  std::chrono::nanoseconds within{std::chrono::seconds{5}};  // by the real time
};

/// The condition in one phrase, for people: "a message for 'orders.paid'", "queue 'mail' with 0 ready messages".
[[nodiscard]] std::string text_of(const Condition& condition);

}  // namespace pocketmq::broker
