// How waiting for a condition has ended.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace pocketmq::broker {

/// How an await has ended.
struct AwaitOutcome {
  enum class Is : std::uint8_t { holds, timeout, cannot_hold };

  Is is{};
  /// A text for people, of several lines, that says what was there instead; empty if the condition holds.
  std::string reason{};
  std::vector<std::string> seen{};     // its parts: a message, a connection, ... each
  std::vector<std::string> nearest{};  // what may have been meant instead
  /// What holds: numbers by their names ("ready", "count"), and for messages the first ones that match.
  std::vector<std::pair<std::string, std::uint64_t>> numbers{};
  std::vector<std::uint64_t> messages{};

  static constexpr std::size_t messages_max = 100;
};

}  // namespace pocketmq::broker
