#include "protocol/base/utf8.hpp"

#include <cassert>

namespace pocketmq::protocol {

Utf8Character first_character(std::string_view text) {
  assert(!text.empty());
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1};

  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return {};
  char32_t code_point = lead & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0U) != 0x80U) return {};
    code_point = (code_point << 6U) | (next & 0x3FU);
  }
  const bool too_long = code_point < (size == 4 ? 0x10000U : size == 3 ? 0x800U : 0x80U);
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (too_long || surrogate || code_point > 0x10FFFF) return {};
  return {code_point, size};
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto character = first_character(text);
    if (character.size_bytes == 0) return false;
    text.remove_prefix(character.size_bytes);
  }
  return true;
}

bool is_control(char32_t code_point) {
  const auto within = [&](char32_t first, char32_t last) { return code_point >= first && code_point <= last; };
  return code_point < 0x20 || within(0x7F, 0x9F)                                         // C0, DEL, C1
         || within(0x200E, 0x200F) || within(0x2028, 0x202E) || within(0x2066, 0x2069);  // line ends, directions
}

}  // namespace pocketmq::protocol
