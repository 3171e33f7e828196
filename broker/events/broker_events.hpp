// What happens to the broker as a whole, and to its journal.
#pragma once

#include "broker/events/encoding.hpp"
#include "broker/events/reasons.hpp"

namespace pocketmq::broker::event {

/// The events from one number to another, both included, are no longer available. The number of this event is that of
/// the last of them. A subscription is told of gaps even if it leaves their category out.
struct Gap {
  static constexpr Kind kind{"gap", Category::broker};
  std::uint64_t from{};
  std::uint64_t to{};

  static constexpr void describe(auto& e, auto&& field) {
    field("from", e.from);
    field("to", e.to);
  }
};

/// Memory is scarce: publishers have to wait.
struct MemoryScarce {
  static constexpr Kind kind{"memory.scarce", Category::broker};
  std::uint64_t used_bytes{};
  std::uint64_t mark_bytes{};

  static constexpr void describe(auto& e, auto&& field) {
    field("used_bytes", e.used_bytes);
    field("mark_bytes", e.mark_bytes);
  }
};

/// Memory is no longer scarce.
struct MemoryFreed {
  static constexpr Kind kind{"memory.freed", Category::broker};
  std::uint64_t used_bytes{};
  std::uint64_t mark_bytes{};

  static constexpr void describe(auto& e, auto&& field) {
    field("used_bytes", e.used_bytes);
    field("mark_bytes", e.mark_bytes);
  }
};

/// The system could not accept one more connection.
struct AcceptFailed {
  static constexpr Kind kind{"broker.accept_failed", Category::broker};
  Text text{};

  static constexpr void describe(auto& e, auto&& field) { field("text", e.text); }
};

/// A restart is complete (broker/control/restart.hpp). Its connections were closed, and what is not durable was
/// deleted. Exchanges that each virtual host has from the start are not counted. A message counts once for each queue.
struct BrokerRestarted {
  static constexpr Kind kind{"broker.restarted", Category::broker};
  Text vhost{};  // which was restarted; empty for the whole broker
  std::uint64_t kept_queues{};
  std::uint64_t kept_exchanges{};
  std::uint64_t kept_bindings{};
  std::uint64_t kept_messages{};
  std::uint64_t lost_queues{};
  std::uint64_t lost_exchanges{};
  std::uint64_t lost_bindings{};
  std::uint64_t lost_messages{};

  static constexpr void describe(auto& e, auto&& field) {
    field(optional("vhost"), e.vhost);
    field("kept_queues", e.kept_queues);
    field("kept_exchanges", e.kept_exchanges);
    field("kept_bindings", e.kept_bindings);
    field("kept_messages", e.kept_messages);
    field("lost_queues", e.lost_queues);
    field("lost_exchanges", e.lost_exchanges);
    field("lost_bindings", e.lost_bindings);
    field("lost_messages", e.lost_messages);
  }
};

/// The broker's clock was set ahead. Events with times in between come after this event.
struct ClockMoved {
  static constexpr Kind kind{"clock.moved", Category::broker};
  std::uint64_t by_ms{};

  static constexpr void describe(auto& e, auto&& field) { field("by_ms", e.by_ms); }
};

/// The broker's clock stands still.
struct ClockFrozen {
  static constexpr Kind kind{"clock.frozen", Category::broker};

  static constexpr void describe(auto&, auto&&) {}
};

/// The clock runs again.
struct ClockReleased {
  static constexpr Kind kind{"clock.released", Category::broker};

  static constexpr void describe(auto&, auto&&) {}
};

/// A rule of the test kit has fired: a fault happens to this command (broker/control/faults.hpp).
struct FaultFired {
  static constexpr Kind kind{"fault.fired", Category::broker};
  std::uint64_t fault{};  // the rule's number
  Text name{};            // the rule's name
  Text what{};            // what happens: "nack", "cut", ...
  std::uint64_t connection{};
  std::uint16_t channel{};  // 0 for a command of the connection
  Text method{};            // "basic.publish"
  std::uint64_t message{};  // 0 if the command's message has no number yet

  static constexpr void describe(auto& e, auto&& field) {
    field("fault", e.fault);
    field("name", e.name);
    field("what", e.what);
    field("connection", e.connection);
    field(optional("channel"), e.channel);
    field("method", e.method);
    field(optional("message"), e.message);
  }
};

}  // namespace pocketmq::broker::event
