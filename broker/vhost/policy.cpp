#include "broker/vhost/policy.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "broker/core/time_max.hpp"

namespace pocketmq::broker {
namespace {

using protocol::FieldValue;
using Fault = std::optional<std::string>;

constexpr std::int64_t count_max = std::numeric_limits<std::int64_t>::max();

template <std::int64_t min, std::int64_t max> Fault find_fault_in_integer(const FieldValue& value) {
  const auto number = value.integer();
  if (number && *number >= min && *number <= max) return std::nullopt;
  return "wants an integer from " + std::to_string(min) + " to " + std::to_string(max);
}

Fault find_fault_in_text(const FieldValue& value) {
  if (value.string()) return std::nullopt;
  return "wants a string";
}

Fault find_fault_in_overflow(const FieldValue& value) {
  const auto text = value.string();
  if (text == "drop-head" || text == "reject-publish" || text == "reject-publish-dlx") return std::nullopt;
  return "wants 'drop-head', 'reject-publish' or 'reject-publish-dlx'";
}

struct Setting {
  std::string_view key;
  Fault (*find_fault)(const FieldValue&);
};

constexpr std::array settings{
    Setting{"message-ttl", find_fault_in_integer<0, time_max.count()>},
    Setting{"expires", find_fault_in_integer<1, time_max.count()>},
    Setting{"max-length", find_fault_in_integer<0, count_max>},
    Setting{"max-length-bytes", find_fault_in_integer<0, count_max>},
    Setting{"overflow", find_fault_in_overflow},
    Setting{"dead-letter-exchange", find_fault_in_text},
    Setting{"dead-letter-routing-key", find_fault_in_text},
    Setting{"delivery-limit", find_fault_in_integer<0, count_max>},
    Setting{"consumer-timeout", find_fault_in_integer<0, time_max.count()>},
    Setting{"alternate-exchange", find_fault_in_text},
};

}  // namespace

std::optional<std::vector<PolicyTarget>> policy_targets(std::string_view apply_to) {
  using enum PolicyTarget;
  if (apply_to == "all") return {{classic_queue, quorum_queue, exchange}};
  if (apply_to == "queues") return {{classic_queue, quorum_queue}};
  if (apply_to == "classic_queues") return {{classic_queue}};
  if (apply_to == "quorum_queues") return {{quorum_queue}};
  if (apply_to == "exchanges") return {{exchange}};
  return std::nullopt;
}

bool is_policy_setting(std::string_view key) {
  return std::ranges::find(settings, key, &Setting::key) != settings.end();
}

std::optional<std::string> find_fault(std::string_view key, const FieldValue& value) {
  return std::ranges::find(settings, key, &Setting::key)->find_fault(value);
}

bool Policy::is_for(PolicyTarget target, std::string_view resource, Budget* budget) const {
  return std::ranges::find(targets, target) != targets.end() && pattern.found_in(resource, budget);
}

void Policies::add(Policy policy) {
  std::erase_if(policies_, [&](const Policy& other) { return other.name == policy.name; });
  const auto lower =
      std::ranges::find_if(policies_, [&](const Policy& other) { return other.priority < policy.priority; });
  policies_.insert(lower, std::move(policy));
}

protocol::FieldTable Policies::in_force(PolicyTarget target, std::string_view resource, Budget* budget) const {
  const auto found =
      std::ranges::find_if(policies_, [&](const Policy& policy) { return policy.is_for(target, resource, budget); });
  return found == policies_.end() ? protocol::FieldTable{} : protocol::FieldTable{found->settings};
}

}  // namespace pocketmq::broker
