// Finds out which connection of a recording is which of the golden's.
#pragma once

#include "broker/compare/comparison_alignment.hpp"
#include "broker/compare/comparison_events.hpp"
#include "broker/compare/comparison_values.hpp"

namespace pocketmq::broker {

/// Both recordings with their lanes, and the renaming that is found on the way.
struct ComparedRecordings {
  using Lanes = std::map<Lane, ParsedRecording::Indexes>;

  const ParsedRecording& golden;
  const ParsedRecording& recorded;
  Renaming& renaming;
  ValueComparison& values;
  Lanes golden_lanes{golden.lanes()};
  Lanes recorded_lanes{recorded.lanes()};

  /// How well an event of the golden fits one of the recording, by the names that are bound so far.
  [[nodiscard]] Fit fit(std::size_t golden_index, std::size_t recorded_index) const;
  /// The recording's events in the lane that corresponds to the golden's; none if there is none.
  [[nodiscard]] const ParsedRecording::Indexes& recorded_events(const Lane& golden_lane) const;
  /// Binds the names that the events of the lane introduce: published messages, declared queues, consumers.
  void bind_names(const Lane& golden_lane);
};

/// Binds the golden's connections to those of the recording. First looks for a way in which everything fits; if there
/// is none, each connection gets the one that fits best. A connection remains unbound if none is left for it.
void match_connections(ComparedRecordings& recordings);

}  // namespace pocketmq::broker
