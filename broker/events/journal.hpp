// The journal: what happens in the broker, as one stream of numbered events. Trace, recording, page, test kit, metrics
// and management are subscribers.
//
// Threads: a journal belongs to its broker's thread. Events are told, subscriptions made, called and ended on it, and
// on no other. Whoever needs events on another thread takes copies there (StoredEvent; broker/host/event_mailbox.hpp).
//
// Cost: where nobody listens to a category, its events are not even made, let alone numbered: ask `is_on`, or tell by a
// function. Numbers are given to events that somebody listens to; the ring listens to all.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "broker/events/event.hpp"
#include "broker/events/event_ring.hpp"
#include "broker/events/stored_event.hpp"
#include "protocol/base/memory_account.hpp"
#include "protocol/base/move_only_function.hpp"

namespace pocketmq::broker {

class Journal;

/// Says what time it is for events.
class EventClock {
 public:
  [[nodiscard]] virtual event::Time event_time() const = 0;

 protected:
  ~EventClock() = default;
};

/// Some of the categories of events.
class Categories {
 public:
  constexpr Categories() = default;  // none
  constexpr Categories(std::initializer_list<event::Category> categories) {
    for (const auto category : categories) bits_ |= bit(category);
  }
  [[nodiscard]] static constexpr Categories all() {
    Categories all;
    all.bits_ = (1U << event::categories_count) - 1U;
    return all;
  }

  [[nodiscard]] constexpr bool contain(event::Category category) const { return (bits_ & bit(category)) != 0; }
  constexpr void add(Categories others) { bits_ |= others.bits_; }

 private:
  static constexpr unsigned bit(event::Category category) { return 1U << static_cast<unsigned>(category); }

  unsigned bits_{0};
};

/// Ends when it is destroyed; it may outlive the journal. Movable.
class [[nodiscard]] Subscription {
 public:
  Subscription() = default;
  Subscription(Subscription&&) = default;
  Subscription& operator=(Subscription&& other) noexcept {
    if (this != &other) end();
    place_ = std::move(other.place_);
    return *this;
  }
  ~Subscription() { end(); }

  /// No event comes any more. May be called by the subscriber in the midst of an event. The subscriber's function is
  /// then destroyed when that event is over.
  void end();

 private:
  friend class Journal;
  struct Place;

  explicit Subscription(std::weak_ptr<Place> place) : place_{std::move(place)} {}

  std::weak_ptr<Place> place_;
};

class Journal {
 public:
  static constexpr std::size_t ring_default_bytes = 4 << 20;

  /// `clock` and `memory`, to which the ring is charged, outlive it.
  Journal(const EventClock& clock, protocol::MemoryAccount& memory) : clock_{clock}, memory_{memory} {}
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  ~Journal();

  // ---- for those who tell

  /// Whether somebody listens to that.
  [[nodiscard]] bool is_on(event::Category category) const { return listened_to_.contain(category); }
  template <class E> [[nodiscard]] bool is_on() const { return is_on(E::kind.category); }

  /// Something has happened: `journal.tell(event::QueuePurged{...})`. What the event refers to is valid until this
  /// returns. Subscribers are called at once, but for what a subscriber tells itself: that is told when the event is
  /// over in the midst of which it did.
  template <event::Described E> void tell(const E& event) {
    if (is_on<E>()) tell_all(Entry::Event{std::in_place_type<const E*>, &event});
  }
  /// The same, where it costs something to make the event: `journal.tell<event::MessageAcked>([&] { return ...; })`.
  template <event::Described E, class Make>
  void tell(Make&& make) requires std::same_as<std::invoke_result_t<Make>, E> {
    if (!is_on<E>()) return;
    const E event = make();
    tell_all(Entry::Event{std::in_place_type<const E*>, &event});
  }

  // ---- for those who listen

  /// Is called for each event, on the broker's thread, in the midst of what happens: look, and do not touch the broker.
  /// It may subscribe others, and end subscriptions; its own too, once `subscribe` has returned. Must not throw.
  using Subscriber = protocol::MoveOnlyFunction<void(const Entry&)>;

  struct Wish {
    Categories categories{Categories::all()};
    /// The number of the first event that is wanted, where that may have happened before. Then those that the ring
    /// still has come at once, before `subscribe` returns, and if some are missing a `gap` before them. A number that
    /// is still to come stands for the next one.
    std::optional<std::uint64_t> since{};
  };
  Subscription subscribe(Subscriber subscriber, const Wish& wish);
  Subscription subscribe(Subscriber subscriber) { return subscribe(std::move(subscriber), Wish{}); }

  /// From now on the last events are kept, in at most `max_bytes`; 0 for none. What was kept before is gone. Not in the
  /// midst of an event.
  void keep_last(std::size_t max_bytes);
  /// Looks at kept events of all categories, at most `max_events` of them, from that number on; where some are missing
  /// a `gap` comes first. Returns the number from which on to read the next time. For readers that have their own pace.
  std::uint64_t read(std::uint64_t from, std::size_t max_events, const LookAtEvent& look);

  /// What time it is for events.
  [[nodiscard]] event::Time now() const { return clock_.event_time(); }
  /// Of the event that was told last; 0 before the first.
  [[nodiscard]] std::uint64_t last_number() const { return last_number_; }
  /// Of the oldest that is kept; the next one's if none is.
  [[nodiscard]] std::uint64_t first_number() const;

 private:
  friend class Subscription;
  class Telling;

  void tell_all(const Entry::Event& event);
  void hand_out(event::Time time, const Entry::Event& event);
  void tell_rest();
  void replay(Subscription::Place& place);
  void tell_gap(std::uint64_t from, std::uint64_t to, const LookAtEvent& look) const;
  void count_listeners();
  void clean_up();

  const EventClock& clock_;
  protocol::MemoryAccount& memory_;
  Categories listened_to_;
  std::uint64_t last_number_{0};
  std::optional<EventRing> ring_;
  std::vector<std::shared_ptr<Subscription::Place>> places_;
  std::deque<StoredEvent> told_meanwhile_;  // by subscribers, in the midst of an event
  unsigned telling_{0};                     // calls of subscribers that are going on, one within the other
  bool has_ended_places_{false};
};

}  // namespace pocketmq::broker
