// Rules of the test kit as JSON:
//
//     {"scope": "retry", "name": "the second publish", "on": {"method": "basic.publish", "queue": "orders"}, "nth": 2,
//      "do": {"nack": true}}
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "broker/control/fault_rule.hpp"
#include "broker/control/faults.hpp"

namespace pocketmq::broker {

/// Throws ControlError of kind `bad`. The rule is checked (`checked`).
[[nodiscard]] FaultRule fault_rule_of(const nlohmann::ordered_json& json);

/// {"id", "name", "scope", "seen", "fired": [{"event", "connection", "text"}, ...], "could_not": [...]}
[[nodiscard]] nlohmann::ordered_json json_of(const FaultReport& report);

}  // namespace pocketmq::broker
