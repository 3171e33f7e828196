// A content's properties (AMQP 0-9-1, 1.8 and 4.2.6.1): the 14 of class basic.
//
// They are checked once where they arrive and then carried as the bytes that came (`Properties`); who needs the values
// decodes them into `BasicProperties`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/wire_types.hpp"

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
  /// The headers, if there are any: quicker than `decode`.
  [[nodiscard]] std::optional<FieldTable> headers() const;

  friend constexpr bool operator==(Properties, Properties) = default;

 private:
  std::string_view encoded_{"\0\0", 2};
};

/// Why `encoded` is not a well-formed property list; nothing if it is.
[[nodiscard]] std::optional<std::string> find_fault(Properties encoded, unsigned depth_max);

/// Appends the encoding of `properties` to `to`.
void encode(const BasicProperties& properties, std::string& to);

}  // namespace pocketmq::protocol
