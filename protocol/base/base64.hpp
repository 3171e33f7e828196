// Base64 (RFC 4648, section 4): the standard alphabet, padded, no line breaks.
#pragma once

#include <string>
#include <string_view>

namespace pocketmq::protocol {

/// Appends the base64 text of `bytes` to `to`.
void append_base64(std::string_view bytes, std::string& to);

/// Decodes `text` and appends the bytes to `to`. Only the text that `append_base64` writes is accepted, so each
/// sequence of bytes has one text. Returns false, and leaves `to` unchanged, for any other text.
[[nodiscard]] bool append_from_base64(std::string_view text, std::string& to);

}  // namespace pocketmq::protocol
