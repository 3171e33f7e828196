// Checks the journal's lines against its schema.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace pocketmq::tests {

/// The schema, and what it says of a kind.
[[nodiscard]] const nlohmann::json& schema();
[[nodiscard]] const nlohmann::json& schema_of(std::string_view kind);
/// In what the line does not fit the schema.
[[nodiscard]] std::vector<std::string> faults_in_line(const std::string& line);

}  // namespace pocketmq::tests
