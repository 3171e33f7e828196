// What may have been meant where a message went nowhere, or a name is unknown.
#pragma once

#include <string>
#include <vector>

#include "broker/account/ledger_message.hpp"

namespace pocketmq::broker {

class Broker;

/// Near misses of a message that was not routed: "nearest: 'order.*' -> queue 'billing': word 1 is 'orders', not
/// 'order'". If it would be routed now, that. Charged to the slice's budget.
[[nodiscard]] std::vector<std::string> near_misses_of(Broker& broker, const LedgerMessage& message);

/// Names that may have been meant, the nearest first.
[[nodiscard]] std::vector<std::string> names_near(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace pocketmq::broker
