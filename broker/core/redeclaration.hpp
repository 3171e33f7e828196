// What is declared again must be what it is: else 406, with a text that names the field and both values.
//
// `what` is how texts name the thing: "queue 'q' in vhost '/'".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/vocabulary/field_table.hpp"

namespace pocketmq::broker {

/// Throws ChannelError 406 where the field received is not what it is now.
void require_equal_field(std::string_view what, std::string_view field, std::string_view received,
                         std::string_view current);
void require_equal_flag(std::string_view what, std::string_view field, bool received, bool current);

/// The same for one argument. As on RabbitMQ, how many bytes a number took does not count, nor whether a whole number
/// came as a timestamp or a text as `x`; but a whole number never equals a real one.
void require_equal_argument(std::string_view what, std::string_view argument, protocol::FieldTable received,
                            protocol::FieldTable current);

/// RabbitMQ's name for a field's type, "signedint" for 'I'.
[[nodiscard]] std::string_view type_name(char type);
/// A name or a value in a text: "'q'".
[[nodiscard]] std::string quoted(std::string_view text);
/// A number, a truth value or void as Erlang shows it, without quotes; nothing for any other type.
[[nodiscard]] std::optional<std::string> shown_plainly(const protocol::FieldValue& value);
/// A value for people, quoted where it can be: "'7'", "a table"; "none" for a void.
[[nodiscard]] std::string shown(const protocol::FieldValue& value);

}  // namespace pocketmq::broker
