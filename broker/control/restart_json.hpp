// A restart in JSON: the body of POST /test/restart, and its answer.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "broker/control/restart.hpp"

namespace pocketmq::broker {

/// `{"scope": "retry-1", "lose": true, "down": "2s"}`, of which each member may be missing. Without a scope it is about
/// the whole broker. Throws ControlError of kind `bad`.
[[nodiscard]] Restart::Request restart_request_of(const nlohmann::ordered_json& json);

/// `{"kept": {"queues": 1, "exchanges": 0, "bindings": 2, "messages": 10}, "lost": {...}}`
[[nodiscard]] nlohmann::ordered_json json_of(const Restart::Result& result);

}  // namespace pocketmq::broker
