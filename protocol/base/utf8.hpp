// UTF-8 (RFC 3629), character by character.
#pragma once

#include <cstddef>
#include <string_view>

namespace pocketmq::protocol {

struct Utf8Character {
  char32_t code_point{0};
  std::size_t size_bytes{0};  // 0 if the bytes are not UTF-8
};

/// The first character of `text`, which must not be empty.
[[nodiscard]] Utf8Character first_character(std::string_view text);

[[nodiscard]] bool is_utf8(std::string_view text);

/// Whether a terminal may act on the character, or change the order of the characters after it, instead of printing it.
[[nodiscard]] bool is_control(char32_t code_point);

}  // namespace pocketmq::protocol
