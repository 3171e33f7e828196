// CC and BCC: headers with further routing keys for a message, RabbitMQ's "sender-selected distribution". Both are
// arrays; what is no text in them is passed over. The header BCC is for the broker's eyes only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/vocabulary/properties.hpp"

namespace pocketmq::broker {

inline constexpr std::string_view copies_header = "CC";
inline constexpr std::string_view blind_copies_header = "BCC";

/// The header BCC, if there is one. Throws ChannelError 406 where CC or BCC is no array.
[[nodiscard]] std::optional<protocol::FieldValue> find_blind_copies(protocol::Properties properties);

/// The encoded properties without the header BCC, which is there.
[[nodiscard]] std::string without_blind_copies(protocol::Properties properties);

}  // namespace pocketmq::broker
