// The headers CC and BCC hold further routing keys for a message: RabbitMQ's "sender-selected distribution". Both are
// arrays; elements that are not strings are ignored. Consumers never see the header BCC.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/vocabulary/properties.hpp"

namespace pocketmq::broker {

inline constexpr std::string_view copies_header = "CC";
inline constexpr std::string_view blind_copies_header = "BCC";

/// The header BCC, if there is one. Throws ChannelError 406 if CC or BCC is not an array.
[[nodiscard]] std::optional<protocol::FieldValue> find_blind_copies(protocol::Properties properties);

/// The encoded properties without the header BCC. `properties` must have a BCC header.
[[nodiscard]] std::string without_blind_copies(protocol::Properties properties);

}  // namespace pocketmq::broker
