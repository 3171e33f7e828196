// Converts field tables to JSON and back, byte for byte (README.md, "Tables").
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "protocol/codec/json_text.hpp"
#include "protocol/vocabulary/field_table.hpp"

namespace pocketmq::protocol {

/// Appends `table`, which must be well-formed, as JSON text.
void append_json(FieldTable table, std::string& to, Secrets secrets = Secrets::shown);

/// Appends the encoded table that `json` stands for to `to`. If `json` is not a table, returns why, with the path; the
/// caller then has to discard what was appended.
[[nodiscard]] std::optional<std::string> encode_table(const nlohmann::ordered_json& json, unsigned depth_max,
                                                      std::string& to);

/// Decodes `{"$string": base64}` and appends the bytes to `to`. Returns false if `json` is anything else.
[[nodiscard]] bool append_tagged_string(const nlohmann::ordered_json& json, std::string& to);

}  // namespace pocketmq::protocol
