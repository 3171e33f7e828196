// How large a message's properties may be, so that each consumer can receive them.
//
// They fit into one frame of the size that the broker offers, and therefore into a JSON header too (limits.hpp). A
// consumer that negotiated smaller frames gets a larger one anyway, as on RabbitMQ.
#pragma once

#include <cstddef>

#include "protocol/vocabulary/limits.hpp"

namespace pocketmq::protocol {

/// The bytes that the header x-delivery-count may add, with its table.
inline constexpr std::size_t delivery_count_max_bytes = 64;

/// The bytes that the broker may add from publish to delivery: x-delivery-count, x-first-death-* and one record in
/// x-death, if all names have 255 bytes.
inline constexpr std::size_t added_properties_max_bytes = 2'048;

/// The size of the encoded properties with which a message may be published.
[[nodiscard]] constexpr std::size_t published_properties_max_bytes(const Limits& limits) {
  return limits.properties_max_bytes() - added_properties_max_bytes;
}

/// The size of the encoded properties that a dead letter may have.
[[nodiscard]] constexpr std::size_t dead_letter_properties_max_bytes(const Limits& limits) {
  return limits.properties_max_bytes() - delivery_count_max_bytes;
}

}  // namespace pocketmq::protocol
