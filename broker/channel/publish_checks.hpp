// What a publish's properties and its size must be, and what they say.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "broker/core/errors.hpp"
#include "broker/core/memory.hpp"
#include "protocol/vocabulary/command.hpp"
#include "protocol/vocabulary/limits.hpp"

namespace pocketmq::broker {

/// The message's own time to live, the property `expiration`; nothing if it has none. ChannelError 406 unless that is
/// whole milliseconds in decimal digits, as RabbitMQ reads them.
[[nodiscard]] std::optional<std::chrono::milliseconds> read_expiration(protocol::Properties properties);

/// ChannelError 406 if the content was too large for the connection to take.
void check_body_size(const protocol::Content& content, const protocol::Limits& limits);

/// ChannelError 406 if the properties are too large to be delivered on each encoding.
void check_properties_size(protocol::Properties properties, const protocol::Limits& limits);

/// ChannelError 406 for a delivery mode other than 1 and 2.
void check_delivery_mode(protocol::Properties properties);

/// The error for a publish that memory has no room for: ConnectionError 506.
[[nodiscard]] ConnectionError memory_exhausted(const Memory& memory);

/// A publish that comes while memory is scarce may go beyond the hard mark by a sixteenth of the mark, because its
/// channel may free memory later. ConnectionError 506 beyond that.
void require_memory_for(std::string_view body, const Memory& memory);

}  // namespace pocketmq::broker
