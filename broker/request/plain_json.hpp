// Headers and properties as plain JSON, without the types that AMQP has and JSON does not: what a test compares with.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "protocol/vocabulary/properties.hpp"

namespace pocketmq::broker {

/// Numbers of all types are numbers; times are seconds since the epoch; bytes are strings, in which what is no UTF-8
/// is replaced.
[[nodiscard]] nlohmann::ordered_json plain_json_of(protocol::FieldTable table);

/// The properties that are set, without the headers.
[[nodiscard]] nlohmann::ordered_json plain_json_of(protocol::Properties properties);

/// The text as a JSON string; bytes that are no UTF-8 are shown as "\xff".
[[nodiscard]] nlohmann::ordered_json plain_json_of(std::string_view text);

}  // namespace pocketmq::broker
