// How large a message's properties may be, so that whoever consumes it can be sent them.
//
// They fit into one frame of the size that the broker offers; then they fit into a JSON header too (limits.hpp). A
// consumer that agreed on smaller frames is sent a larger one all the same, as by RabbitMQ.
#pragma once

#include <cstddef>

#include "protocol/vocabulary/limits.hpp"

namespace pocketmq::protocol {

/// What the header x-delivery-count may add, with the table that it is in.
inline constexpr std::size_t delivery_count_max_bytes = 64;

/// What the broker may add from publish to delivery: x-delivery-count, x-first-death-* and one record in x-death, all
/// names 255 bytes long.
inline constexpr std::size_t added_properties_max_bytes = 2'048;

/// Encoded properties that a message may be published with.
[[nodiscard]] constexpr std::size_t published_properties_max_bytes(const Limits& limits) {
  return limits.properties_max_bytes() - added_properties_max_bytes;
}

/// Encoded properties that a dead letter may have.
[[nodiscard]] constexpr std::size_t dead_letter_properties_max_bytes(const Limits& limits) {
  return limits.properties_max_bytes() - delivery_count_max_bytes;
}

}  // namespace pocketmq::protocol
