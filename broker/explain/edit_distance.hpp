// How much two names differ, by letters: for "did you mean" and for near misses.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pocketmq::broker {

/// How many letters have to be inserted, removed, replaced or exchanged with their neighbour to make `b` of `a`.
/// Returns `max + 1` if they are more than `max`. A letter is a byte. Takes about size times `max` operations.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t max);

/// The same without a bound; but names that differ only in upper and lower case, or only in spaces, have distance 1.
[[nodiscard]] std::size_t name_distance(std::string_view a, std::string_view b);

/// The distance up to which one name may be a slip of the other: a third of the longer one's letters, but one at least.
[[nodiscard]] std::size_t slip_max(std::string_view a, std::string_view b);

/// The name in quotes, for people: "'orders'".
[[nodiscard]] std::string shown_name(std::string_view name);

/// How two different names differ, as the end of a sentence: "differs from 'orders' by one letter", "differs from
/// 'orders' only in upper and lower case", "differs from 'orders' only in spaces".
[[nodiscard]] std::string difference_text(std::string_view name, std::string_view wanted);

/// The candidates that `name` may be a slip of, the nearest first, at most `count`. At most 10,000 candidates are
/// looked at.
[[nodiscard]] std::vector<std::string> nearest_names(std::string_view name, std::span<const std::string> candidates,
                                                     std::size_t count = 3);

/// " (did you mean 'orders' or 'orders.eu'?)" for an error text; empty if no candidate is near.
[[nodiscard]] std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

}  // namespace pocketmq::broker
