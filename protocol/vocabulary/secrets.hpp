// Which fields are secret. Their values never appear in a trace, a log or an error text.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace pocketmq::protocol {

/// Whether secrets are written, or `***` instead.
enum class Secrets : bool { shown, hidden };

inline constexpr std::string_view hidden_secret = "***";

/// Whether a field of a method, a table or a JSON body with that name holds a secret. That is so if the name contains
/// "password", "token" or the like, in upper or lower case ("x-auth-token", "dbPassword").
[[nodiscard]] constexpr bool is_secret(std::string_view field) {
  constexpr std::array<std::string_view, 2> whole_names{"response", "cookie"};
  constexpr std::array<std::string_view, 6> parts_of_names{"authorization", "password", "passwd",
                                                           "token",         "secret",   "credential"};
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  const auto is_named = [&](std::string_view name) { return std::ranges::equal(name, field, {}, {}, lower); };
  // Not std::ranges::search: clang 14 cannot read the range that it gives.
  const auto has_part = [&](std::string_view part) {
    const auto is_same = [&](char in_field, char in_part) { return lower(in_field) == in_part; };
    return std::search(field.begin(), field.end(), part.begin(), part.end(), is_same) != field.end();
  };
  return std::ranges::any_of(whole_names, is_named) || std::ranges::any_of(parts_of_names, has_part);
}

}  // namespace pocketmq::protocol
