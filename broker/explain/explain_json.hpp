// Explanations and the requests for them as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "broker/core/json_object.hpp"
#include "broker/explain/explain.hpp"

namespace pocketmq::broker {

/// Reads "exchange" (default: the default exchange), "routing_key" (default: empty) and "headers" (an object, as the
/// JSON encoding has tables). Other members are left to the caller. Throws JsonObjectError.
[[nodiscard]] ExplainRequest explain_request_in(JsonObject& object);
/// The same for a request that has no other member than "scope". Throws ControlError::bad.
[[nodiscard]] ExplainRequest explain_request_of(const nlohmann::ordered_json& json);

/// {"outcome", "refusal"?, "queues", "queue_count", "steps", "nearest", "notes", "text"}. Values of headers whose names
/// say that they are secrets are `***`.
[[nodiscard]] nlohmann::ordered_json json_of(const Explanation& explanation);

}  // namespace pocketmq::broker
