// A recording: the journal in a file, as NDJSON behind a header line. The broker never waits for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "broker/events/journal.hpp"
#include "protocol/base/line_sink.hpp"

namespace pocketmq::broker {

class Recording {
 public:
  /// Begins with the events that the journal still has, or with those that `wish` asks for. `journal` and `sink`, which
  /// are used on the broker's thread only, outlive it.
  Recording(Journal& journal, protocol::LineSink& sink, const Journal::Wish& wish = {.since = 1});
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
  /// The last line is a `gap`, if the last events are missing.
  ~Recording();

 private:
  // What the sink had no room for: a gap in the recording.
  struct Missing {
    std::uint64_t from;
    std::uint64_t to;
    event::Time time;  // of the last of them
  };

  void write(const Entry& entry);
  void append_gap();

  protocol::LineSink& sink_;
  std::string lines_;       // that are being written
  bool has_header_{false};  // the file has
  const std::uint64_t first_number_;
  const event::Time began_;
  std::optional<Missing> missing_;
  Subscription subscription_;  // goes first
};

}  // namespace pocketmq::broker
