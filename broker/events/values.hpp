// The types of the fields of events. All are views: they are valid until the call returns in which an event is told or
// read. Long values are clipped here, so that an event never takes more than some kilobytes.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "protocol/vocabulary/field_table.hpp"
#include "protocol/vocabulary/properties.hpp"

namespace pocketmq::broker::event {

/// How much of each value an event carries.
struct Bounds {
  static constexpr std::size_t text_bytes = 1'024;
  static constexpr std::size_t body_bytes = 1'024;
  static constexpr std::size_t table_bytes = 4'096;          // encoded; a longer table is left out
  static constexpr std::size_t route_arguments_bytes = 256;  // of each binding in a list of routes
  static constexpr std::size_t list_elements = 64;
};

/// The longest prefix of `bytes` that has at most `max_bytes` and does not cut a UTF-8 character.
[[nodiscard]] constexpr std::string_view clip(std::string_view bytes, std::size_t max_bytes) {
  if (bytes.size() <= max_bytes) return bytes;
  constexpr std::size_t character_max_bytes = 4;
  auto end = max_bytes;
  const auto continues_character = [&] { return (static_cast<unsigned char>(bytes[end]) & 0xC0U) == 0x80U; };
  while (max_bytes - end < character_max_bytes - 1 && end > 0 && continues_character()) --end;
  return bytes.substr(0, end);
}

/// A name, or a sentence of the broker. Names from clients may be any bytes.
class Text {
 public:
  constexpr Text() = default;
  template <std::convertible_to<std::string_view> T>
  constexpr Text(const T& text) : view_{clip(text, Bounds::text_bytes)} {}

  [[nodiscard]] constexpr std::string_view view() const { return view_; }
  [[nodiscard]] constexpr bool empty() const { return view_.empty(); }
  friend constexpr bool operator==(Text, Text) = default;

 private:
  std::string_view view_;
};

/// A message's body, or the beginning of a long one.
struct Body {
  constexpr Body() = default;
  template <std::convertible_to<std::string_view> T>
  constexpr Body(const T& all)
      : shown{clip(all, Bounds::body_bytes)}, size_bytes{std::string_view{all}.size()}, whole{all} {}

  std::string_view shown{};
  std::uint64_t size_bytes{0};  // of the whole body
  // The whole body, for subscribers that are called while the event happens. It is not stored: an event that is read
  // from the ring has an empty one.
  std::string_view whole{};

  friend constexpr bool operator==(const Body& a, const Body& b) {
    return a.shown == b.shown && a.size_bytes == b.size_bytes;
  }
};

/// Arguments of a queue, an exchange, a binding or a consumer, or the settings of a policy.
struct Arguments {
  constexpr Arguments() = default;
  constexpr Arguments(protocol::FieldTable whole, std::size_t max_bytes = Bounds::table_bytes) {
    if (whole.encoded().size() <= max_bytes)
      table = whole;
    else
      left_out_bytes = whole.encoded().size();
  }

  protocol::FieldTable table{};
  std::uint64_t left_out_bytes{0};  // the size of a table that is too long to be here

  friend constexpr bool operator==(const Arguments&, const Arguments&) = default;
};

/// A message's properties. If they are long, their headers are left out.
struct MessageProperties {
  MessageProperties() = default;
  /// `storage` has to live as long as this. It is used only for long properties.
  MessageProperties(protocol::Properties whole, std::string& storage) : properties{whole} {
    if (whole.encoded().size() > Bounds::table_bytes) leave_headers_out(storage);
  }

  protocol::Properties properties{};
  std::uint64_t headers_left_out_bytes{0};

  friend bool operator==(const MessageProperties&, const MessageProperties&) = default;

 private:
  void leave_headers_out(std::string& storage);
};

/// A field's name in a description. An optional field is not written while it has its default value. Names end in their
/// units: `_bytes`, `_ms` (milliseconds).
class FieldName {
 public:
  enum class Is : std::uint8_t { always_there, optional };

  constexpr FieldName(const char* text, Is is = Is::always_there) : text_{text}, is_{is} {}
  [[nodiscard]] constexpr std::string_view text() const { return text_; }
  [[nodiscard]] constexpr bool is_optional() const { return is_ == Is::optional; }

 private:
  std::string_view text_;
  Is is_;
};

constexpr FieldName optional(const char* text) { return {text, FieldName::Is::optional}; }

/// The names of an enum's values, in their order. NDJSON shows these names.
template <class E> inline constexpr std::nullptr_t names_of{};

template <class E>
concept NamedEnum = std::is_enum_v<E> && requires {
  names_of<E>.size();
};

/// "unknown" for a number that is none of the enum's.
template <NamedEnum E> [[nodiscard]] constexpr std::string_view name_of(E value) {
  const auto index = static_cast<std::size_t>(value);
  return index < names_of<E>.size() ? names_of<E>[index] : "unknown";
}

/// What an event is about. A subscriber says which categories it wants. Categories that nobody wants cost nothing.
enum class Category : std::uint8_t { connections, topology, messages, broker };
inline constexpr std::size_t categories_count = 4;

template <>
inline constexpr std::array<std::string_view, categories_count> names_of<Category>{"connections", "topology",
                                                                                   "messages", "broker"};

/// The name of a kind of event, "message.published", and its category.
struct Kind {
  std::string_view name;
  Category category;
};

}  // namespace pocketmq::broker::event
