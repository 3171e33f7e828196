// What the journal's lines consist of, told to programs. README.md tells people.
#pragma once

#include <string>

namespace pocketmq::broker {

/// Of what the lines say. Kinds and optional fields may be added under the same number: readers skip what they do not
/// know. Anything else makes it another.
inline constexpr unsigned journal_schema_version = 1;

/// The schema, as JSON: the kinds with their categories and their fields, the fields' types, and the values of those
/// that have one of a few. Made from the descriptions of the events.
[[nodiscard]] std::string journal_schema();

}  // namespace pocketmq::broker
