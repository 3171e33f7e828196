// Field tables as JSON, and back byte for byte (README.md, "Tables").
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "protocol/codec/json_text.hpp"
#include "protocol/vocabulary/field_table.hpp"

namespace pocketmq::protocol {

/// Appends `table`, which must be well-formed, as JSON text.
void append_json(FieldTable table, std::string& to, Secrets secrets = Secrets::shown);

/// Appends the encoded table that `json` stands for to `to`. If there is none, the text says why and names the path,
/// and what was appended is to be dropped.
[[nodiscard]] std::optional<std::string> encode_table(const nlohmann::ordered_json& json, unsigned depth_max,
                                                      std::string& to);

/// The base64 bytes of `{"$string": base64}`, appended to `to`; false if `json` is anything else.
[[nodiscard]] bool append_tagged_string(const nlohmann::ordered_json& json, std::string& to);

}  // namespace pocketmq::protocol
