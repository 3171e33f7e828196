// Writes JSON strings and numbers. No control character is written raw, so the text is safe for a terminal.
#pragma once

#include <string>
#include <string_view>

#include "protocol/vocabulary/secrets.hpp"

namespace pocketmq::protocol {

/// Appends `bytes` as a JSON string if they are UTF-8, else as `{"$string": base64}`.
void append_json_string(std::string_view bytes, std::string& to);

/// Appends `{"tag": base64}`.
void append_json_base64(std::string_view tag, std::string_view bytes, std::string& to);

/// Appends a finite number so that reading it gives the same bits. A whole number is still written as a real one.
void append_json_real(double value, std::string& to);

}  // namespace pocketmq::protocol
