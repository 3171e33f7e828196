// The types of the fields of methods and properties. They are views of encoded bytes, or of bytes that the caller owns.
//
// A view is only valid inside protocol/ and until the connection end's handler that got it returns. Copy what is needed
// longer.
#pragma once

#include <cassert>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/vocabulary/field_table.hpp"

namespace pocketmq::protocol {

/// At most 255 bytes (AMQP 0-9-1, 4.2.5.3 "short string"). The caller must not pass more; see `clip`.
class ShortString : public std::string_view {
 public:
  static constexpr std::size_t max_size_bytes = 255;

  constexpr ShortString() = default;
  constexpr ShortString(std::string_view text) : std::string_view{text} { assert(text.size() <= max_size_bytes); }
  constexpr ShortString(const char* text) : ShortString{std::string_view{text}} {}
  ShortString(const std::string& text) : ShortString{std::string_view{text}} {}
};

/// The longest prefix of `text` that fits into a short string and ends with a whole UTF-8 character.
[[nodiscard]] constexpr ShortString clip(std::string_view text) {
  if (text.size() <= ShortString::max_size_bytes) return text;
  std::size_t end = ShortString::max_size_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

/// Up to 4 GiB of bytes (4.2.5.3 "long string").
class LongString : public std::string_view {
 public:
  constexpr LongString() = default;
  constexpr LongString(std::string_view bytes) : std::string_view{bytes} {}
  constexpr LongString(const char* text) : std::string_view{text} {}
  LongString(const std::string& bytes) : std::string_view{bytes} {}
};

/// Class and method number with AMQP's name, "queue.declare".
struct MethodId {
  std::uint16_t class_id;
  std::uint16_t method_id;
  std::string_view name;
};

/// A field's name in a description, and which encodings carry the field.
class FieldName {
 public:
  enum class On : std::uint8_t { both, amqp, json };

  constexpr FieldName(const char* text, On on = On::both) : text_{text}, on_{on} {}
  [[nodiscard]] constexpr std::string_view text() const { return text_; }
  [[nodiscard]] constexpr bool in_amqp() const { return on_ != On::json; }
  [[nodiscard]] constexpr bool in_json() const { return on_ != On::amqp; }

 private:
  std::string_view text_;
  On on_;
};

/// A field that AMQP reserves. AMQP's encoding writes its zero value; no other visitor sees it.
inline constexpr FieldName reserved{"", FieldName::On::amqp};

/// A field that exists in the JSON framing only.
constexpr FieldName json_only(const char* text) { return {text, FieldName::On::json}; }

}  // namespace pocketmq::protocol
