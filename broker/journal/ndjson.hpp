// The journal as NDJSON: one event per line, each a JSON object. README.md describes the objects.
#pragma once

#include <cstdint>
#include <string>

#include "broker/events/event.hpp"

namespace pocketmq::broker {

/// Appends the event as one line, with its line end. Bodies are shown as in the trace: secrets are `***`, a long body
/// is cut. Text that is not UTF-8 becomes `{"$string": base64}`.
void append_ndjson(const Entry& entry, std::string& to);

/// Appends the first line of a recording: the version of its schema, the broker that wrote it, the time, and the first
/// number.
void append_ndjson_header(event::Time time, std::uint64_t next_number, std::string& to);

}  // namespace pocketmq::broker
