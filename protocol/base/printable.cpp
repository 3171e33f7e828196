#include "protocol/base/printable.hpp"

#include "protocol/base/utf8.hpp"

namespace pocketmq::protocol {
namespace {

constexpr std::string_view lower_hex_digits = "0123456789abcdef";

void append_byte(char byte, std::string& to) {
  const auto value = static_cast<unsigned char>(byte);
  to += "\\x";
  to += lower_hex_digits[value >> 4U];
  to += lower_hex_digits[value & 0xFU];
}

void append_control(char32_t code_point, std::string& to) {
  switch (code_point) {
    case '\n': to += "\\n"; return;
    case '\r': to += "\\r"; return;
    case '\t': to += "\\t"; return;
    default: break;
  }
  if (code_point < 0x20) return append_byte(static_cast<char>(code_point), to);
  to += "\\u";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) to += lower_hex_digits[(code_point >> shift) & 0xFU];
}

}  // namespace

std::string printable(std::string_view text, LineEnds line_ends) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const auto [code_point, size_bytes] = first_character(text);
    const bool is_kept = line_ends == LineEnds::kept && (code_point == '\n' || code_point == '\t');
    if (size_bytes == 0)
      append_byte(text[0], shown);
    else if (is_control(code_point) && !is_kept)
      append_control(code_point, shown);
    else
      shown += text.substr(0, size_bytes);
    text.remove_prefix(size_bytes == 0 ? 1 : size_bytes);
  }
  return shown;
}

}  // namespace pocketmq::protocol
