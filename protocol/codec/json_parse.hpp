// Parses JSON with limits and without exceptions, and words the refusals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace pocketmq::protocol {

/// Parses `text`, one JSON value in UTF-8, into `into`. Returns why it is refused: it is malformed, a key is twice in
/// one object, an integer does not fit into 64 bits, more than `depth_max` objects and arrays are nested, or there are
/// more than `values_max` values (objects, arrays, strings, numbers, literals; 0 for no limit).
[[nodiscard]] std::optional<std::string> parse_json(std::string_view text, unsigned depth_max,
                                                    nlohmann::ordered_json& into, std::size_t values_max = 0);

/// The bits of an integer from `min` to `max`. Nothing if `json` is anything else.
[[nodiscard]] std::optional<std::uint64_t> integer_within(const nlohmann::ordered_json& json, std::int64_t min,
                                                          std::uint64_t max);

/// "wants an integer from 0 to 255"
[[nodiscard]] std::string integer_wanted(std::int64_t min, std::uint64_t max);

/// What `json` is, for error texts: "a string", "the integer 300", "null".
[[nodiscard]] std::string kind_of(const nlohmann::ordered_json& json);

/// A peer's word in single quotes, cut if it is long.
[[nodiscard]] std::string in_quotes(std::string_view word);

}  // namespace pocketmq::protocol
