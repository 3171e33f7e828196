// Makes a snapshot of a broker from the broker's own objects. JournalState makes the same from the journal's events.
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
  /// All of them together. 32 bytes of names in an unacked delivery count as one more.
  std::size_t messages{std::numeric_limits<std::size_t>::max()};
};

/// The state at this moment. It is made at once, which takes long for a large broker: ask `snapshot_cost` before. The
/// state may be in the middle of work that takes several turns: deliveries that are being settled may be missing from
/// their channel, while their queue still counts them.
[[nodiscard]] Snapshot snapshot_of(Broker& broker, const SnapshotBounds& bounds = {});

/// About how many objects a snapshot without messages would list. Arguments count too: 64 bytes of them are one object.
[[nodiscard]] std::size_t snapshot_cost(Broker& broker);

}  // namespace pocketmq::broker
