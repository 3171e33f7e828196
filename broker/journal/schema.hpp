// The schema of the journal's lines, for programs. README.md is for people.
#pragma once

#include <string>

namespace pocketmq::broker {

/// The version of the schema. Kinds and optional fields may be added under the same version: readers skip what they do
/// not know. Any other change makes a new version.
inline constexpr unsigned journal_schema_version = 1;

/// The schema, as JSON: the kinds with their categories and fields, the types of the fields, and for each enum its
/// values. It is made from the descriptions of the events.
[[nodiscard]] std::string journal_schema();

}  // namespace pocketmq::broker
