// Compares a second declaration of a queue or exchange with the first. A difference is refused with 406; the text names
// the field and both values.
//
// `what` is how error texts name the object: "queue 'q' in vhost '/'".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/vocabulary/field_table.hpp"

namespace pocketmq::broker {

/// Throws ChannelError 406 if `received` differs from `current`.
void require_equal_field(std::string_view what, std::string_view field, std::string_view received,
                         std::string_view current);
void require_equal_flag(std::string_view what, std::string_view field, bool received, bool current);

/// The same for one argument. As on RabbitMQ, the size of an integer does not matter, nor whether an integer came as a
/// timestamp, or a text as `x`. But an integer never equals a real number.
void require_equal_argument(std::string_view what, std::string_view argument, protocol::FieldTable received,
                            protocol::FieldTable current);

/// RabbitMQ's name for a field's type, "signedint" for 'I'.
[[nodiscard]] std::string_view type_name(char type);
/// Puts a name or a value into quotes: "'q'".
[[nodiscard]] std::string in_single_quotes(std::string_view text);
/// A number, a boolean or void as Erlang writes it, without quotes; nothing for any other type.
[[nodiscard]] std::optional<std::string> shown_plainly(const protocol::FieldValue& value);
/// A value as people read it, in quotes if it has a text: "'7'", "a table"; "none" for a void.
[[nodiscard]] std::string shown(const protocol::FieldValue& value);

}  // namespace pocketmq::broker
