// Messages and outcomes as JSON, for HTTP.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "broker/account/await_outcome.hpp"
#include "broker/account/ledger.hpp"

namespace pocketmq::broker {

class Broker;

/// {"message", "scope", "exchange", "routing_key", "state", "queues": {NAME: {"state", ...}}, "properties"?,
/// "headers"?, "body", "body_bytes", "text", ...}. Secrets in JSON bodies are `***`.
[[nodiscard]] nlohmann::ordered_json json_of(Broker& broker, const Ledger& ledger, const LedgerMessage& message);

/// {"matched": {...}} if the condition holds: its numbers, and for messages "messages". Otherwise {"error": "timeout"
/// or "cannot_hold", "reason", "seen", "nearest"}.
[[nodiscard]] nlohmann::ordered_json json_of(Broker& broker, const Ledger& ledger, const AwaitOutcome& outcome);

}  // namespace pocketmq::broker
