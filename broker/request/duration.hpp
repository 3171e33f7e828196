// Durations as people write them: a whole number and a unit, "200ms", "5s", "10m", "24h", "3d".
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "broker/core/json_object.hpp"

namespace pocketmq::broker {

/// Nothing if it is not a whole number with one of the units ms, s, m, h and d, or if it is longer than a hundred
/// years.
[[nodiscard]] std::optional<std::chrono::nanoseconds> duration_of(std::string_view text);

/// The member of a request, or nothing if it is missing. Throws JsonObjectError if it is not a duration.
[[nodiscard]] std::optional<std::chrono::nanoseconds> duration_in(JsonObject& object, std::string_view key);

/// The duration for people, with two units at most and rounded down: "1.5 s", "340 ms", "2 h 5 min", "3 d".
[[nodiscard]] std::string duration_text(std::chrono::nanoseconds duration);

}  // namespace pocketmq::broker
