// The leaves of JSON, written as text. What is written is ASCII-safe for a terminal: no control character is left raw.
#pragma once

#include <string>
#include <string_view>

#include "protocol/vocabulary/secrets.hpp"

namespace pocketmq::protocol {

/// Appends `bytes` as a JSON string if they are UTF-8, else as `{"$string": base64}`.
void append_json_string(std::string_view bytes, std::string& to);

/// Appends `{"tag": base64}`.
void append_json_base64(std::string_view tag, std::string_view bytes, std::string& to);

/// Appends a finite number, so that reading gives the same bits, and gives a real even where it is whole.
void append_json_real(double value, std::string& to);

}  // namespace pocketmq::protocol
