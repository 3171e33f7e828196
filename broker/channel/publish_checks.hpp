// Checks of the size and the properties of a publish, and what the properties say. Nearly every publish passes, so the
// checks are inline and the refusals are not.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "broker/core/errors.hpp"
#include "broker/core/memory.hpp"
#include "protocol/vocabulary/command.hpp"
#include "protocol/vocabulary/property_sizes.hpp"

namespace pocketmq::broker {

[[noreturn]] void refuse_body_size(std::uint64_t size_bytes, const protocol::Limits& limits);
[[noreturn]] void refuse_properties_size(std::size_t size_bytes, std::size_t max_bytes);
[[noreturn]] void refuse_delivery_mode(unsigned mode);
[[noreturn]] void refuse_for_memory(const Memory& memory);
void require_memory_beyond_mark(std::string_view body, const Memory& memory);
[[nodiscard]] std::chrono::milliseconds parse_expiration(std::string_view text);

/// ChannelError 406 if the content was too large for the connection to take.
inline void check_body_size(const protocol::Content& content, const protocol::Limits& limits) {
  if (content.refused_size_bytes > 0) refuse_body_size(content.refused_size_bytes, limits);
}

/// ChannelError 406 if the properties are too large to be delivered in both encodings.
inline void check_properties_size(protocol::Properties properties, const protocol::Limits& limits) {
  const auto size = properties.encoded().size();
  if (const auto max = protocol::published_properties_max_bytes(limits); size > max) refuse_properties_size(size, max);
}

/// ChannelError 406 for a delivery mode other than 1 and 2.
inline void check_delivery_mode(protocol::Properties properties) {
  const auto mode = properties.find<&protocol::BasicProperties::delivery_mode>();
  if (mode && *mode != 1 && *mode != 2) refuse_delivery_mode(*mode);
}

/// Returns the message's own time to live, the property `expiration`, or nothing if it has none. ChannelError 406
/// unless the property is a whole number of milliseconds in decimal digits, as RabbitMQ reads it.
[[nodiscard]] inline std::optional<std::chrono::milliseconds> read_expiration(protocol::Properties properties) {
  const auto text = properties.find<&protocol::BasicProperties::expiration>();
  if (!text) return std::nullopt;
  return parse_expiration(*text);
}

/// While memory is scarce: ConnectionError 506 if memory is exhausted, or if the body would exceed the hard mark by
/// more than a sixteenth of the mark. Up to there a publish is accepted, because its channel may free memory later.
inline void require_memory_for(std::string_view body, const Memory& memory) {
  if (memory.is_scarce()) require_memory_beyond_mark(body, memory);
}

}  // namespace pocketmq::broker
