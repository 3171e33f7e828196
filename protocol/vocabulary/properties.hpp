// A content's properties (AMQP 0-9-1, 1.8 and 4.2.6.1): the 14 of class basic.
//
// They are checked once where they arrive and then carried as the bytes that came (`Properties`); who needs the values
// decodes them into `BasicProperties`.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "protocol/base/big_endian.hpp"
#include "protocol/vocabulary/wire_types.hpp"

namespace pocketmq::protocol {

/// The values, as views; an absent property is empty. Described like a method, in the order of the flag bits.
struct BasicProperties {
  std::optional<ShortString> content_type{};
  std::optional<ShortString> content_encoding{};
  std::optional<FieldTable> headers{};
  std::optional<std::uint8_t> delivery_mode{};  // 1 transient, 2 persistent
  std::optional<std::uint8_t> priority{};
  std::optional<ShortString> correlation_id{};
  std::optional<ShortString> reply_to{};
  std::optional<ShortString> expiration{};  // milliseconds, as decimal digits
  std::optional<ShortString> message_id{};
  std::optional<std::uint64_t> timestamp{};  // seconds since the epoch
  std::optional<ShortString> type{};
  std::optional<ShortString> user_id{};
  std::optional<ShortString> app_id{};
  std::optional<ShortString> cluster_id{};

  static constexpr void describe(auto& p, auto&& field) {
    field("content_type", p.content_type);
    field("content_encoding", p.content_encoding);
    field("headers", p.headers);
    field("delivery_mode", p.delivery_mode);
    field("priority", p.priority);
    field("correlation_id", p.correlation_id);
    field("reply_to", p.reply_to);
    field("expiration", p.expiration);
    field("message_id", p.message_id);
    field("timestamp", p.timestamp);
    field("type", p.type);
    field("user_id", p.user_id);
    field("app_id", p.app_id);
    field("cluster_id", p.cluster_id);
  }
  friend bool operator==(const BasicProperties&, const BasicProperties&) = default;
};

/// Encoded properties: the flags and the values, as they follow the body size in a content header.
class Properties {
 public:
  constexpr Properties() = default;
  /// `encoded` must have passed `find_fault`, or come from `encode`.
  constexpr explicit Properties(std::string_view encoded) : encoded_{encoded} {}

  [[nodiscard]] constexpr std::string_view encoded() const { return encoded_; }
  /// The values; their views live as long as the encoded bytes.
  [[nodiscard]] BasicProperties decode() const;
  /// One of the values, quicker than with `decode`: `properties.find<&BasicProperties::reply_to>()`.
  template <auto property> [[nodiscard]] auto find() const {
    using Value = typename std::remove_cvref_t<decltype(BasicProperties{}.*property)>::value_type;
    if (!has(place_of<property>)) return std::optional<Value>{};
    const auto bytes = find(place_of<property>);
    if constexpr (std::unsigned_integral<Value>)
      return std::optional{load_big_endian<Value>(bytes.data())};
    else
      return std::optional{Value{bytes}};
  }
  [[nodiscard]] std::optional<FieldTable> headers() const { return find<&BasicProperties::headers>(); }

  friend constexpr bool operator==(Properties, Properties) = default;

 private:
  // Which of the 14 it is, in the order of the flag bits.
  template <auto property>
  static constexpr std::size_t place_of = [] {
    const BasicProperties properties{};
    std::size_t index = 0;
    std::size_t found = 0;
    BasicProperties::describe(properties, [&](const FieldName&, const auto& each) {
      if (static_cast<const void*>(&each) == static_cast<const void*>(&(properties.*property))) found = index;
      ++index;
    });
    return found;
  }();
  [[nodiscard]] bool has(std::size_t index) const {
    return (load_big_endian<std::uint16_t>(encoded_.data()) << index & 0x8000U) != 0;
  }
  [[nodiscard]] std::string_view find(std::size_t index) const;

  std::string_view encoded_{"\0\0", 2};
};

/// Why `encoded` is not a well-formed property list; nothing if it is.
[[nodiscard]] std::optional<std::string> find_fault(Properties encoded, unsigned depth_max);

/// Of encoded properties that are malformed, those that can be read: all but the headers if only these are at fault,
/// and else none.
[[nodiscard]] std::string readable_part(Properties malformed);

/// Appends the encoding of `properties` to `to`.
void encode(const BasicProperties& properties, std::string& to);

}  // namespace pocketmq::protocol
