// Policies: an operator's settings for all queues or exchanges of a virtual host whose names match a pattern.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/access/pattern.hpp"
#include "protocol/vocabulary/field_table.hpp"

namespace pocketmq::broker {

/// To what a policy may apply.
enum class PolicyTarget : std::uint8_t { classic_queue, quorum_queue, exchange };

struct Policy {
  std::string name;
  Pattern pattern;
  std::string apply_to{"all"};  // as it was given
  std::vector<PolicyTarget> targets{};
  std::int64_t priority{0};
  std::string settings{};  // an encoded table of RabbitMQ's policy keys: "message-ttl", "max-length", ...

  [[nodiscard]] bool is_for(PolicyTarget target, std::string_view resource, Budget* budget) const;
};

/// The targets that RabbitMQ's `apply-to` stands for: "all", "queues", "exchanges", "classic_queues", "quorum_queues".
/// Returns nothing for any other text.
[[nodiscard]] std::optional<std::vector<PolicyTarget>> policy_targets(std::string_view apply_to);

/// Whether PocketMQ supports that policy key.
[[nodiscard]] bool is_policy_setting(std::string_view key);
/// Why the value is invalid for that supported key: "wants an integer from 1 to 255". Returns nothing if it is valid.
[[nodiscard]] std::optional<std::string> find_fault(std::string_view key, const protocol::FieldValue& value);

/// The policies of a virtual host.
class Policies {
 public:
  /// Adds the policy, or replaces the one with the same name.
  void add(Policy policy);
  [[nodiscard]] const std::vector<Policy>& all() const { return policies_; }
  /// The settings for a queue or exchange of that name: those of the matching policy with the highest priority, and of
  /// equal ones the one that was added first. Policies are not combined. Empty if none matches. Valid until the next
  /// `add`.
  [[nodiscard]] protocol::FieldTable in_force(PolicyTarget target, std::string_view resource,
                                              Budget* budget = nullptr) const;

 private:
  std::vector<Policy> policies_;  // the highest priority first
};

}  // namespace pocketmq::broker
