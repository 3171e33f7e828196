// The state of a broker, from its own objects. It has the shape that the journal's events add up to (JournalState).
#pragma once

#include <cstddef>
#include <limits>

#include "broker/journal/snapshot.hpp"

namespace pocketmq::broker {

class Broker;

/// How many messages a snapshot lists. Their counts are complete in any case.
struct SnapshotBounds {
  /// Ready messages of each queue, and unacked deliveries of each channel.
  std::size_t messages_each{std::numeric_limits<std::size_t>::max()};
  /// All of them together.
  std::size_t messages{std::numeric_limits<std::size_t>::max()};
};

/// All of it is from one moment, so a large broker takes long: ask `snapshot_cost` before. Work that is done over
/// several turns may be half done then: deliveries that are being settled may be missing from their channel, while
/// their queue still counts them.
[[nodiscard]] Snapshot snapshot_of(Broker& broker, const SnapshotBounds& bounds = {});

/// About how many objects a snapshot without messages would list. Arguments count too: 64 bytes of them are one object.
[[nodiscard]] std::size_t snapshot_cost(Broker& broker);

}  // namespace pocketmq::broker
