// Which fields are never shown: in no trace, no log and no error.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace pocketmq::protocol {

inline constexpr std::string_view hidden_secret = "***";

/// Whether a field of that name, of a method or in a table, in any case of letters, holds a secret.
[[nodiscard]] constexpr bool is_secret(std::string_view field) {
  constexpr std::array<std::string_view, 3> secret_fields{"response", "new_secret", "password"};
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::any_of(secret_fields,
                             [&](std::string_view secret) { return std::ranges::equal(secret, field, {}, {}, lower); });
}

}  // namespace pocketmq::protocol
