// Messages as a channel's users see them. They own their data, so that they may be kept and passed to other threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <system_error>

#include "client/values/table.hpp"

namespace pocketmq::protocol {
struct BasicProperties;
class Properties;
struct Content;
}  // namespace pocketmq::protocol

namespace pocketmq::client {

/// The properties of a message (AMQP 0-9-1, 1.8). Each text has at most 255 bytes.
struct Properties {
  std::optional<std::string> content_type{};
  std::optional<std::string> content_encoding{};
  std::optional<Table> headers{};
  std::optional<std::uint8_t> delivery_mode{};  // 1 transient, 2 persistent
  std::optional<std::uint8_t> priority{};
  std::optional<std::string> correlation_id{};
  std::optional<std::string> reply_to{};
  std::optional<std::string> expiration{};  // milliseconds, as decimal digits
  std::optional<std::string> message_id{};
  std::optional<std::uint64_t> timestamp{};  // seconds since the epoch
  std::optional<std::string> type{};
  std::optional<std::string> user_id{};
  std::optional<std::string> app_id{};
  std::optional<std::string> cluster_id{};

  friend bool operator==(const Properties&, const Properties&) = default;
};

struct Message {
  std::string body{};
  Properties properties{};
  /// For a received message: why a part of it could not be read (that part is missing); empty if all was read. Settle
  /// such a message like any other.
  std::string fault{};

  friend bool operator==(const Message&, const Message&) = default;
};

struct Delivery {
  std::string consumer_tag{};
  std::uint64_t delivery_tag{0};  // for ack, nack and reject
  bool redelivered{false};
  std::string exchange{};
  std::string routing_key{};
  Message message{};
};

/// A message that basic.get took from its queue.
struct Got {
  std::uint64_t delivery_tag{0};
  bool redelivered{false};
  std::string exchange{};
  std::string routing_key{};
  std::uint32_t message_count{0};  // messages that are left in the queue
  Message message{};
};

/// A mandatory message that no queue took.
struct Returned {
  std::uint16_t reply_code{0};  // 312: no route
  std::string reply_text{};
  std::string exchange{};
  std::string routing_key{};
  Message message{};
};

struct QueueInfo {
  std::string name{};
  std::uint32_t message_count{0};  // ready
  std::uint32_t consumer_count{0};
};

/// Appends the encoding of `properties` to `to`, or says which of them is too long.
[[nodiscard]] std::error_code encode(const Properties& properties, std::string& to);

[[nodiscard]] Message to_message(const protocol::BasicProperties& properties, std::string_view body);
[[nodiscard]] Message to_message(const protocol::Properties& properties, std::string_view body);
[[nodiscard]] Message to_message(const protocol::Content& content);

}  // namespace pocketmq::client
