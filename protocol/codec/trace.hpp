// A command as one line for a person: the broker's trace. Secrets are `***`; no control character is left raw.
#pragma once

#include <string>
#include <string_view>

#include "protocol/vocabulary/command.hpp"

namespace pocketmq::protocol {

/// "queue.declare queue=rpc_queue exclusive=true": the fields that differ from their default (but not what a peer says
/// of itself, client_properties and server_properties), for a content its properties, and the body or, where it is long
/// or no text, its size. No line end.
[[nodiscard]] std::string trace_text(const Command& command);

/// `word` as it is where it reads as one printable word, else as a JSON string.
[[nodiscard]] std::string trace_word(std::string_view word);

/// The header as the JSON framing has it, with "body", or with "body_bytes" where the body is long or no text.
[[nodiscard]] std::string trace_json(const Command& command);

/// A text body as it is; only a JSON value with secrets in it is written anew, with `***` in their place.
[[nodiscard]] std::string without_secrets(std::string_view body);

}  // namespace pocketmq::protocol
