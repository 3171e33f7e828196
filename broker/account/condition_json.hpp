// Conditions as JSON: the body of an await.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "broker/account/condition.hpp"
#include "broker/core/json_object.hpp"

namespace pocketmq::broker {

/// The body of an await: {"scope"?, CONDITION, "within"?, "from"?, "count"?}. Throws ControlError of kind `bad`.
[[nodiscard]] Await await_of(const nlohmann::ordered_json& json);

/// What a message is to be like: {"routing_key": "orders.paid", "state": "acked", ...}. Throws ControlError of kind
/// `bad`.
[[nodiscard]] MessageMatch message_match_of(const nlohmann::ordered_json& json);

/// Throws ControlError of kind `bad`, and names all states.
[[nodiscard]] MessageState message_state_of(std::string_view name);

}  // namespace pocketmq::broker
