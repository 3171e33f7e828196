// What a rule compares of a command: its names, its body, and its connection.
#pragma once

#include <cstdint>
#include <string_view>

#include "broker/control/fault_rule.hpp"
#include "broker/session/session.hpp"
#include "protocol/vocabulary/command.hpp"

namespace pocketmq::broker {

/// The texts are views of the command, the session and the broker: valid while the command is.
struct CommandFacts {
  /// The command is on its way from or to the client of the session.
  CommandFacts(const Session& session, const protocol::Command& command, fault::Direction direction);

  const Session& session;
  const protocol::Command& command;
  fault::Direction direction;
  std::string_view method;
  std::string_view virtual_host;

  std::string_view queue{};
  std::string_view exchange{};
  std::string_view routing_key{};
  std::string_view body{};
  std::uint64_t message{0};  // its number; 0 if it is not known, or has none
};

/// Whether the rule is about the command. The facts are those of a command of the rule's method.
[[nodiscard]] bool matches(const FaultRule& rule, const CommandFacts& facts);

}  // namespace pocketmq::broker
