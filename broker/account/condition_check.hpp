// Whether a condition holds now, and whether it still can.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "broker/account/condition.hpp"
#include "broker/account/ledger.hpp"

namespace pocketmq::broker {

class Broker;

using ConditionNumbers = std::vector<std::pair<std::string, std::uint64_t>>;

/// The numbers that make the condition hold; nothing if it does not hold. The work is charged to the slice's budget.
[[nodiscard]] std::optional<ConditionNumbers> holds(Broker& broker, const QueueCondition& condition,
                                                    const std::optional<std::string>& scope);
[[nodiscard]] std::optional<ConditionNumbers> holds(Broker& broker, const Ledger& ledger,
                                                    const ConnectionsCondition& condition,
                                                    const std::optional<std::string>& scope);
/// `published_before`: how many messages do not count for `condition.count`.
[[nodiscard]] std::optional<ConditionNumbers> holds(Broker& broker, const Ledger& ledger,
                                                    const DrainedCondition& condition,
                                                    const std::optional<std::string>& scope,
                                                    std::uint64_t published_before);

/// Why a scope can no longer become drained, as the end of a sentence; empty if it still can. See awaits.hpp for the
/// rule.
[[nodiscard]] std::string why_never_drained(Broker& broker, const Ledger& ledger, const DrainedCondition& condition,
                                            const std::optional<std::string>& scope);

/// Whether the message still keeps the scope from being drained.
[[nodiscard]] bool keeps_from_drained(const LedgerMessage& message, const DrainedCondition& condition);

/// How many messages clients have published there.
[[nodiscard]] std::uint64_t published_in(const Ledger& ledger, const std::optional<std::string>& scope);

}  // namespace pocketmq::broker
