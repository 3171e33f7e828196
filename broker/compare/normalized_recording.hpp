// The journal's events in a form that is the same in each run of the same test: NDJSON without addresses, ports, random
// names and the time of day.
//
//     {"recording":1,"members":"all","times":"ignored"}
//     {"at":"+0.000","kind":"connection.opened","connection":"c1"}
//     {"at":"+0.012","kind":"queue.declared","queue":"<q1>","created":true,...,"connection":"c1","channel":1}
//
// - Connections are c1, c2, ... and messages m1, m2, ... in the order in which they first appear. A message from before
//   anybody listened stays m0.
// - In all strings, names made by the broker become <q1> (queues), <t1> (consumer tags) and <r1> (addresses of direct
//   replies). UUIDs, and 32 hexadecimal digits in a row, become <u1>.
// - "at" is the time since the first event, in seconds by the broker's clock. `timestamp` becomes "<time>", also in
//   x-death.
// - A body that is a JSON object or array is that, not a string.
// - Left out: "number", "time", "ahead_ms", "address", "position", "body_bytes" of a whole body, "connection" and
//   "channel" where no client is the cause, and a connection's name that is only its address. Of one scope also "vhost"
//   and "user". Left out are vhost.created, the exchanges that each virtual host has from the start, and what tells of
//   the broker itself but its clock.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pocketmq::broker {

struct RecordingLimits {
  static constexpr std::size_t lines_max = 50'000;
};

/// `ndjson` is the journal as broker/journal/ndjson.hpp writes it, with or without a header line: of `--record`, of
/// `GET /journal`, or of events that a subscriber has collected. `scope` is the name of a virtual host; empty for all.
/// Throws ControlError::bad, which names the line, for what is no journal, and for more than `lines_max` lines.
[[nodiscard]] std::string normalized_recording(std::string_view ndjson, std::string_view scope = {});

/// Calls `each(line, number)` for each line that is not empty; the first is 1.
void for_each_line(std::string_view text, auto&& each) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) each(line, number);
  }
}

}  // namespace pocketmq::broker
