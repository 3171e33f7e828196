// Policies: settings that an operator gives to all queues, or exchanges, of a virtual host whose names match a pattern.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/access/pattern.hpp"
#include "protocol/vocabulary/field_table.hpp"

namespace pocketmq::broker {

/// What a policy may be for.
enum class PolicyTarget : std::uint8_t { classic_queue, quorum_queue, exchange };

struct Policy {
  std::string name;
  Pattern pattern;
  std::vector<PolicyTarget> targets{};
  std::int64_t priority{0};
  std::string settings{};  // an encoded table of RabbitMQ's policy keys: "message-ttl", "max-length", ...

  [[nodiscard]] bool is_for(PolicyTarget target, std::string_view resource, Budget* budget) const;
};

/// What RabbitMQ's `apply-to` stands for: "all", "queues", "exchanges", "classic_queues", "quorum_queues". Nothing if
/// it is none of them.
[[nodiscard]] std::optional<std::vector<PolicyTarget>> policy_targets(std::string_view apply_to);

/// Whether a policy's key has an effect here.
[[nodiscard]] bool is_policy_setting(std::string_view key);
/// Why that setting, which is one, may not have that value: "wants an integer from 1 to 255". Nothing if it may.
[[nodiscard]] std::optional<std::string> find_fault(std::string_view key, const protocol::FieldValue& value);

/// The policies of a virtual host.
class Policies {
 public:
  /// Takes the place of one of the same name.
  void add(Policy policy);
  /// The settings for a queue or exchange of that name: those of the policy with the highest priority that is for it,
  /// of equal ones the one added first, and no other's; none if there is no such policy. Valid until the next `add`.
  [[nodiscard]] protocol::FieldTable in_force(PolicyTarget target, std::string_view resource,
                                              Budget* budget = nullptr) const;

 private:
  std::vector<Policy> policies_;  // the highest priority first
};

}  // namespace pocketmq::broker
