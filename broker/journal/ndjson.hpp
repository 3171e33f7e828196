// The journal as NDJSON: one event a line, each a JSON object. README.md describes what is in it.
#pragma once

#include <cstdint>
#include <string>

#include "broker/events/event.hpp"

namespace pocketmq::broker {

/// Appends the event as one line, its line end included. Bodies are shown as the trace shows them: secrets are `***`,
/// a long body is cut. What is not UTF-8 is `{"$string": base64}`.
void append_ndjson(const Entry& entry, std::string& to);

/// Appends the line that a recording begins with: which schema it has, and whose it is.
void append_ndjson_header(event::Time time, std::uint64_t next_number, std::string& to);

}  // namespace pocketmq::broker
