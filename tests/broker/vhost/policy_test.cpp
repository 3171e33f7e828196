// Policies: which one is in force for a queue or an exchange, and what it may say.
#include "broker/vhost/policy.hpp"

#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

using broker::Pattern;
using broker::Policies;
using broker::Policy;
using broker::PolicyTarget;
using protocol::FieldTableWriter;

constexpr auto classic_queues = PolicyTarget::classic_queue, quorum_queues = PolicyTarget::quorum_queue,
               exchanges = PolicyTarget::exchange;

// One whose only setting is its maximum length.
Policy limits(std::int32_t max_length, const std::string& pattern, std::int64_t priority = 0,
              std::string_view apply_to = "all") {
  FieldTableWriter settings;
  settings.int32("max-length", max_length);
  return {.name = "limits to " + std::to_string(max_length),
          .pattern = Pattern{pattern},
          .targets = *broker::policy_targets(apply_to),
          .priority = priority,
          .settings = std::string{settings.table().encoded()}};
}

// 0 where no policy says it.
std::int64_t max_length(const Policies& policies, PolicyTarget target, std::string_view name) {
  const auto value = policies.in_force(target, name).find("max-length");
  return value ? value->integer().value() : 0;
}

std::optional<std::string> fault(std::string_view key, const FieldTableWriter& writer) {
  return broker::find_fault(key, writer.table().fields().next()->value);
}

std::optional<std::string> fault(std::string_view key, std::int64_t value) {
  return fault(key, FieldTableWriter{}.int64(key, value));
}

std::optional<std::string> fault(std::string_view key, std::string_view value) {
  return fault(key, FieldTableWriter{}.string(key, value));
}

}  // namespace

TEST_CASE("a policy is for the names that its pattern matches somewhere") {
  Policies policies;
  policies.add(limits(1, "^a"));
  policies.add(limits(2, "b"));
  CHECK(max_length(policies, classic_queues, "a") == 1);
  CHECK(max_length(policies, classic_queues, "xbx") == 2);
  CHECK(max_length(policies, classic_queues, "c") == 0);
}

TEST_CASE("of several policies the one with the highest priority is in force and no other") {
  Policies policies;
  policies.add(limits(1, ".*", 5));
  policies.add(limits(2, ".*", -1));
  policies.add(limits(3, "^q$", 7));
  CHECK(max_length(policies, classic_queues, "q") == 3);
  CHECK(max_length(policies, classic_queues, "other") == 1);
  FieldTableWriter no_length;
  no_length.string("overflow", "drop-head");
  policies.add({.name = "overflow",
                .pattern = Pattern{"q"},
                .targets = {classic_queues},
                .priority = 9,
                .settings = std::string{no_length.table().encoded()}});
  CHECK(max_length(policies, classic_queues, "q") == 0);
}

TEST_CASE("of policies with equal priority the one added first is in force") {
  Policies policies;
  policies.add(limits(1, "a"));
  policies.add(limits(2, "a"));
  CHECK(max_length(policies, classic_queues, "a") == 1);
}

TEST_CASE("a policy takes the place of one of its name") {
  Policies policies;
  policies.add(limits(1, "a"));
  auto other = limits(2, "b");
  other.name = limits(1, "a").name;
  policies.add(std::move(other));
  CHECK(max_length(policies, classic_queues, "a") == 0);
  CHECK(max_length(policies, classic_queues, "b") == 2);
}

TEST_CASE("a policy applies to what it is said to apply to") {
  struct Case {
    std::string_view apply_to;
    bool to_classic, to_quorum, to_exchange;
  };
  const auto [apply_to, to_classic, to_quorum, to_exchange] =
      GENERATE(values<Case>({{"all", true, true, true},
                             {"queues", true, true, false},
                             {"classic_queues", true, false, false},
                             {"quorum_queues", false, true, false},
                             {"exchanges", false, false, true}}));
  Policies policies;
  policies.add(limits(1, "", 0, apply_to));
  CHECK((max_length(policies, classic_queues, "x") == 1) == to_classic);
  CHECK((max_length(policies, quorum_queues, "x") == 1) == to_quorum);
  CHECK((max_length(policies, exchanges, "x") == 1) == to_exchange);
}

TEST_CASE("policies apply to nothing else") {
  CHECK_FALSE(broker::policy_targets(""));
  CHECK_FALSE(broker::policy_targets("Queues"));
  CHECK_FALSE(broker::policy_targets("streams"));
}

TEST_CASE("what a policy may say has an effect") {
  CHECK(broker::is_policy_setting("message-ttl"));
  CHECK(broker::is_policy_setting("alternate-exchange"));
  CHECK_FALSE(broker::is_policy_setting("x-message-ttl"));
  CHECK_FALSE(broker::is_policy_setting("ha-mode"));
}

TEST_CASE("a policy's numbers have bounds") {
  for (const auto* key : {"message-ttl", "max-length", "max-length-bytes", "delivery-limit", "consumer-timeout"}) {
    CHECK_FALSE(fault(key, 0));
    CHECK(fault(key, -1));
    CHECK(fault(key, "1"));
  }
  CHECK_FALSE(fault("expires", 1));
  CHECK(fault("expires", 0) == "wants an integer from 1 to 315360000000");
  CHECK_FALSE(fault("message-ttl", 315'360'000'000));
  CHECK(fault("message-ttl", 315'360'000'001));
}

TEST_CASE("a policy's texts are texts") {
  for (const auto* key : {"dead-letter-exchange", "dead-letter-routing-key", "alternate-exchange"}) {
    CHECK_FALSE(fault(key, ""));
    CHECK(fault(key, 1) == "wants a string");
  }
}

TEST_CASE("a policy's overflow is one of three") {
  for (const auto* way : {"drop-head", "reject-publish", "reject-publish-dlx"}) CHECK_FALSE(fault("overflow", way));
  CHECK(fault("overflow", "drop"));
  CHECK(fault("overflow", 1));
}

}  // namespace pocketmq::tests
