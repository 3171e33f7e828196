// All kinds of events, as one type.
//
// An event is a plain struct. Its `describe` names each field once. NDJSON, the schema, the ring and the tests are
// visitors of that description. broker/journal/README.md lists the kinds for readers in other languages.
#pragma once

#include <chrono>
#include <type_traits>
#include <utility>
#include <variant>

#include "broker/events/broker_events.hpp"
#include "broker/events/connection_events.hpp"
#include "broker/events/message_events.hpp"
#include "broker/events/topology_events.hpp"

namespace pocketmq::broker {
namespace event {

template <class... Events> struct ListOfKinds {
  using AnyOf = std::variant<const Events*...>;
  static constexpr std::size_t size = sizeof...(Events);
  static constexpr void for_each(auto&& visitor) { (visitor.template operator()<Events>(), ...); }
};

/// All kinds, in the order in which the README lists them.
using Kinds =
    ListOfKinds<ConnectionOpened, ConnectionAuthenticated, ConnectionUnintelligible, ConnectionClosed, ConnectionLost,
                ConnectionBlocked, ConnectionUnblocked, CommandRefused, ChannelOpened, ChannelClosed, ChannelModeSet,
                ChannelPrefetchSet, ChannelFlow, VhostCreated, VhostDeleted, QueueDeclared, QueuePurged, QueueDeleted,
                ExchangeDeclared, ExchangeDeleted, BindingCreated, BindingDeleted, ConsumerStarted, ConsumerCancelled,
                PolicySet, MessagePublished, DeadLetterPublished, MessageRouted, MessageUnroutable, MessageEnqueued,
                MessageDelivered, MessageAcked, MessageRejected, MessageRequeued, MessageExpired, MessageDeadLettered,
                MessageDropped, MessageReturned, MessageReplied, PublishConfirmed, PublishNacked, TransactionCommitted,
                TransactionRolledBack, Gap, MemoryScarce, MemoryFreed, AcceptFailed, BrokerRestarted, ClockMoved,
                ClockFrozen, ClockReleased, FaultFired>;

/// Calls a visitor for each kind: `for_each_kind([]<class E>() { ... })`.
template <class Visitor> constexpr void for_each_kind(Visitor&& visitor) { Kinds::for_each(visitor); }

/// When something happened.
struct Time {
  std::chrono::system_clock::time_point shown{};  // the time on the broker's clock
  // How far that is ahead of the system's clock. Negative if the broker's clock is behind, because it stood still.
  std::chrono::nanoseconds ahead{0};

  friend bool operator==(const Time&, const Time&) = default;
};

/// An event in the journal. Everything that it refers to is valid until the function that was called with it returns.
class Entry {
 public:
  using Event = Kinds::AnyOf;

  Entry(std::uint64_t number, Time time, Event event) : number_{number}, time_{time}, event_{event} {}

  /// 1, 2, ... in the order in which the events happened.
  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] Time time() const { return time_; }

  /// Null if it is an event of another kind: `entry.find<event::MessageAcked>()`.
  template <class E> [[nodiscard]] const E* find() const {
    const auto* found = std::get_if<const E*>(&event_);
    return found == nullptr ? nullptr : *found;
  }
  /// Calls `visitor(event)` with the struct of its kind.
  template <class Visitor> decltype(auto) visit(Visitor&& visitor) const {
    return std::visit([&](const auto* e) -> decltype(auto) { return visitor(*e); }, event_);
  }
  [[nodiscard]] const Kind& kind() const;
  [[nodiscard]] const Event& event() const { return event_; }

 private:
  std::uint64_t number_;
  Time time_;
  Event event_;
};

}  // namespace event

using event::Entry;

}  // namespace pocketmq::broker
