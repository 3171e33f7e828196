#include "protocol/codec/json_text.hpp"

#include <array>
#include <charconv>
#include <cstdint>

#include "protocol/base/base64.hpp"
#include "protocol/base/utf8.hpp"

namespace pocketmq::protocol {
namespace {

constexpr bool is_plain(char byte) { return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\'; }

void append_escape(char32_t code_point, std::string& to) {
  switch (code_point) {
    case '"': to += "\\\""; return;
    case '\\': to += "\\\\"; return;
    case '\n': to += "\\n"; return;
    case '\r': to += "\\r"; return;
    case '\t': to += "\\t"; return;
    default: break;
  }
  constexpr std::string_view digits = "0123456789abcdef";
  to += "\\u";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) to += digits[(code_point >> shift) & 0xFU];
}

// Returns false if `text` is not UTF-8. Only the part before was appended then.
bool append_escaped(std::string_view text, std::string& to) {
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && is_plain(text[plain])) ++plain;
    to += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;

    const auto [code_point, size_bytes] = first_character(text);
    if (size_bytes == 0) return false;
    if (is_control(code_point) || code_point < 0x80)
      append_escape(code_point, to);
    else
      to += text.substr(0, size_bytes);
    text.remove_prefix(size_bytes);
  }
  return true;
}

}  // namespace

void append_json_string(std::string_view bytes, std::string& to) {
  const auto begin = to.size();
  to += '"';
  if (append_escaped(bytes, to)) {
    to += '"';
  } else {
    to.resize(begin);
    append_json_base64("$string", bytes, to);
  }
}

void append_json_base64(std::string_view tag, std::string_view bytes, std::string& to) {
  to += "{\"";
  to += tag;
  to += "\":\"";
  append_base64(bytes, to);
  to += "\"}";
}

void append_json_real(double value, std::string& to) {
  std::array<char, 32> text{};  // the shortest text for the same bits has at most 24 characters
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  const std::string_view number{text.data(), end};
  to += number;
  if (number.find_first_of(".e") == std::string_view::npos) to += ".0";
}

}  // namespace pocketmq::protocol
