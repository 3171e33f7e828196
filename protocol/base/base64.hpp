// Base64 (RFC 4648, section 4): the standard alphabet, padded, no line breaks.
#pragma once

#include <string>
#include <string_view>

namespace pocketmq::protocol {

/// Appends the base64 text of `bytes` to `to`.
void append_base64(std::string_view bytes, std::string& to);

/// Appends the bytes that `text` stands for to `to`. False, with `to` unchanged, if `text` is not what `append_base64`
/// would have written: one text for one run of bytes.
[[nodiscard]] bool append_from_base64(std::string_view text, std::string& to);

}  // namespace pocketmq::protocol
