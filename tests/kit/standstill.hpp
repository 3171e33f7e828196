// Tells why a World stands still: what the broker holds, for whom, and what it has dropped.
#pragma once

#include <string>
#include <string_view>

#include "broker/journal/snapshot.hpp"

namespace pocketmq::testkit {

/// Some lines, each with its line end. `journal` is the broker's, as NDJSON.
[[nodiscard]] std::string text_of_standstill(const broker::Snapshot& snapshot, std::string_view journal);

}  // namespace pocketmq::testkit
