// A recording: the journal in a file, as NDJSON after a header line. The broker never waits for the file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "broker/events/journal.hpp"
#include "protocol/base/line_sink.hpp"

namespace pocketmq::broker {

class Recording {
 public:
  /// Begins with the events that the journal still has, or with those that `options` asks for. `journal` and `sink`
  /// outlive the recording, and are used on the broker's thread only.
  Recording(Journal& journal, protocol::LineSink& sink, const Journal::SubscribeOptions& options = {.since = 1});
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
  /// If the last events are missing, writes a `gap` as the last line.
  ~Recording();

 private:
  // Events for which the sink had no room: a gap in the recording.
  struct Missing {
    std::uint64_t from;
    std::uint64_t to;
    event::Time time;  // of the last of these events
  };

  void write(const Entry& entry);
  void append_gap();

  protocol::LineSink& sink_;
  std::string lines_;       // lines that are being written
  bool has_header_{false};  // whether the file has its header line
  const std::uint64_t first_number_;
  const event::Time began_;
  std::optional<Missing> missing_;
  Subscription subscription_;  // the last member, so that it ends first
};

}  // namespace pocketmq::broker
