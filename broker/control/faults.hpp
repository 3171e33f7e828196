// Scripted faults, for tests: rules (fault_rule.hpp) that are compared with each command that a client sends or gets.
// The first rule that fires for a command acts on it; then no other rule does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/control/command_facts.hpp"
#include "broker/control/fault_rule.hpp"
#include "broker/core/backlog.hpp"
#include "broker/session/broker.hpp"
#include "broker/session/command_gate.hpp"

namespace pocketmq::broker {

/// What a rule has seen and done.
struct FaultReport {
  struct Occurrence {
    std::uint64_t event{0};  // the number of its `fault.fired` in the journal; 0 if nobody listens
    std::uint64_t connection{0};
    std::string text{};  // a sentence
  };

  std::uint64_t id{0};
  std::string name{};
  std::optional<std::string> scope{};
  std::uint64_t seen{0};  // how many commands it was about
  std::uint64_t fired_count{0};
  std::vector<Occurrence> fired{};      // the first of them
  std::vector<Occurrence> could_not{};  // where it was due, and why it could not act
};

/// All calls are made on the broker's thread.
class Faults final : private CommandGate {
 public:
  /// So many occurrences of a rule are kept.
  static constexpr std::size_t kept_max = 1'000;
  static constexpr std::size_t rules_max = 10'000;

  /// The broker must outlive it.
  explicit Faults(Broker& broker);
  Faults(const Faults&) = delete;
  Faults& operator=(const Faults&) = delete;
  ~Faults();

  /// Adds a rule, and returns its id: 1, 2, ... It applies to the commands that come from now on, so add it before the
  /// clients connect. Throws ControlError if it makes no sense (`checked`).
  std::uint64_t add(FaultRule rule);
  /// Throws ControlError of kind `unknown` if there is no such rule.
  void remove(std::uint64_t id);
  /// Removes the rules of the scope; all rules without one. What they have begun goes on, such as a delay.
  void remove_all(const std::optional<std::string>& scope);

  /// Throws ControlError of kind `unknown` if there is no such rule.
  [[nodiscard]] FaultReport report(std::uint64_t id) const;
  /// The rules of the scope, or all, in the order in which they were added.
  [[nodiscard]] std::vector<FaultReport> reports(const std::optional<std::string>& scope = std::nullopt) const;
  /// Those of the scope that have never fired: a test that sets them expects them to.
  [[nodiscard]] std::vector<FaultReport> unfired(const std::string& scope) const;

  /// How a rule restarts the broker. It is called in a turn of the broker's own. Without it such rules are refused.
  void on_restart(std::function<void()> restart) { restart_ = std::move(restart); }
  /// Calls `frozen` with the number of a connection that a rule freezes, in the middle of the broker's work.
  void on_freeze(std::function<void(std::uint64_t)> frozen) { frozen_ = std::move(frozen); }

 private:
  struct Rule;
  class Acting;
  using Channel = std::pair<std::uint64_t, std::uint16_t>;  // a connection and one of its channels

  Verdict on_received(Session& session, protocol::Command& command) override;
  Verdict on_sent(Session& session, const protocol::Command& command) override;
  void on_ended(Session& session) override;

  Verdict act(Session& session, protocol::Command* received, const protocol::Command& command);
  /// The rule that fires for the command; null for none. Counts the command for each rule that is about it.
  [[nodiscard]] Rule* find_due(const CommandFacts& facts);
  /// Whether a rule is about commands of this method.
  [[nodiscard]] bool knows(const protocol::Command& command, fault::Direction direction) const;
  Verdict lose_acks(Session& session, const protocol::Command& command);
  [[nodiscard]] bool restart_now();
  [[nodiscard]] std::list<Rule>::const_iterator find(std::uint64_t id) const;

  Broker& broker_;
  std::list<Rule> rules_;
  std::uint64_t last_id_{0};
  std::map<Channel, std::set<std::uint64_t>> acks_to_lose_;  // delivery tags
  std::function<void()> restart_;
  std::function<void(std::uint64_t)> frozen_;
  Backlog::Call<Faults> restarting_;
};

}  // namespace pocketmq::broker
