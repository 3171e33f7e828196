// Writes a command as one line for people, for the broker's trace. Secrets are written as `***`, control characters are
// escaped.
#pragma once

#include <string>
#include <string_view>

#include "protocol/vocabulary/command.hpp"

namespace pocketmq::protocol {

/// "queue.declare queue=rpc_queue exclusive=true": the fields that differ from their defaults, but not
/// client_properties and server_properties. Of a content, the properties and the body, or the body's size if it is long
/// or not text. Without a line end.
[[nodiscard]] std::string trace_text(const Command& command);

/// Returns `word` itself if it is one printable word, otherwise as a JSON string.
[[nodiscard]] std::string trace_word(std::string_view word);

/// The header as in the JSON framing, with the member "body", or "body_bytes" if the body is long or not text.
[[nodiscard]] std::string trace_json(const Command& command);

/// A text body as it is; only a JSON value with secrets in it is written anew, with `***` in their place.
[[nodiscard]] std::string without_secrets(std::string_view body);

}  // namespace pocketmq::protocol
