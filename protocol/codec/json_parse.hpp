// JSON text to values, bounded and without exceptions, and the words in which it is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace pocketmq::protocol {

/// Parses `text`, one JSON value in UTF-8, into `into`. Refuses what is malformed, a key twice in one object, an
/// integer beyond 64 bits, and more than `depth_max` objects and arrays inside each other; the text says what and
/// where.
[[nodiscard]] std::optional<std::string> parse_json(std::string_view text, unsigned depth_max,
                                                    nlohmann::ordered_json& into);

/// The bits of an integer from `min` to `max`; nothing if `json` is anything else.
[[nodiscard]] std::optional<std::uint64_t> integer_within(const nlohmann::ordered_json& json, std::int64_t min,
                                                          std::uint64_t max);

/// "wants an integer from 0 to 255"
[[nodiscard]] std::string integer_wanted(std::int64_t min, std::uint64_t max);

/// What `json` is, for a refusal: "a string", "the integer 300", "null".
[[nodiscard]] std::string kind_of(const nlohmann::ordered_json& json);

/// A peer's word in single quotes, cut where it is long.
[[nodiscard]] std::string in_quotes(std::string_view word);

}  // namespace pocketmq::protocol
