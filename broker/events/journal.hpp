// The journal: what happens in the broker, as one stream of numbered events. Whoever needs them subscribes, such as a
// recording (broker/journal/recording.hpp).
//
// Threads: a journal belongs to its broker's thread. Events are told only on this thread, and subscriptions are made,
// called and ended only on it. Code that needs events on another thread takes copies there (StoredEvent;
// broker/host/event_mailbox.hpp).
//
// Cost: if nobody listens to a category, its events are not even made, and get no numbers. Ask `is_on`, or pass `tell`
// a function that makes the event. Only events to which somebody listens have numbers. The ring listens to all.
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

/// The clock that gives events their times.
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

/// A subscription to the journal. It ends when this object is destroyed. This object may outlive the journal.
class [[nodiscard]] Subscription {
 public:
  Subscription() = default;
  Subscription(Subscription&&) = default;
  Subscription& operator=(Subscription&& other) noexcept {
    if (this == &other) return *this;
    end();
    place_ = std::move(other.place_);
    return *this;
  }
  ~Subscription() { end(); }

  /// Ends the subscription: the subscriber is not called any more. The subscriber may call this while it is told an
  /// event. Then its function is destroyed after that event.
  void end();

 private:
  friend class Journal;
  struct Place;

  explicit Subscription(std::weak_ptr<Place> place) : place_{std::move(place)} {}

  std::weak_ptr<Place> place_;
};

/// Gives events their numbers and times, calls the subscribers, and may keep the last events in a ring.
class Journal {
 public:
  /// The ring's size if HTTP shows the journal and nothing else was asked for.
  static constexpr std::size_t ring_default_bytes = 4 << 20;

  /// `clock` and `memory` outlive it. The ring is charged to `memory`.
  Journal(const EventClock& clock, protocol::MemoryAccount& memory) : clock_{clock}, memory_{memory} {}
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  ~Journal();

  // ---- for code that tells events

  /// Whether somebody listens to the category.
  [[nodiscard]] bool is_on(event::Category category) const { return listened_to_.contain(category); }
  template <class E> [[nodiscard]] bool is_on() const { return is_on(E::kind.category); }

  /// Tells that something has happened: `journal.tell(event::QueuePurged{...})`. What the event refers to has to be
  /// valid until this returns. Subscribers are called at once. If a subscriber tells an event while it is called, the
  /// journal copies that event, and calls the subscribers for it after the current event.
  template <event::Described E> void tell(const E& event) {
    if (is_on<E>()) tell_all(Entry::Event{std::in_place_type<const E*>, &event});
  }
  /// The same, for events that are expensive to make: `journal.tell<event::MessageAcked>([&] { return ...; })`.
  template <event::Described E, class Make>
  void tell(Make&& make) requires std::same_as<std::invoke_result_t<Make>, E> {
    if (!is_on<E>()) return;
    const E event = make();
    tell_all(Entry::Event{std::in_place_type<const E*>, &event});
  }

  // ---- for subscribers

  /// Called for each event on the broker's thread, in the middle of the broker's work: it must not change the broker.
  /// It may subscribe others and end subscriptions; its own too, once `subscribe` has returned. It must not throw.
  using Subscriber = protocol::MoveOnlyFunction<void(const Entry&)>;

  struct SubscribeOptions {
    Categories categories{Categories::all()};
    /// The number of the first event that is wanted. If that event has happened already, the subscriber is called for
    /// the events that the ring still has, before `subscribe` returns. If some of them are missing, a `gap` comes
    /// first. A number that no event has yet stands for the next event.
    std::optional<std::uint64_t> since{};
  };
  /// Calls `subscriber` for each event from now on, or from `options.since` on, until the subscription ends.
  Subscription subscribe(Subscriber subscriber, const SubscribeOptions& options);
  Subscription subscribe(Subscriber subscriber) { return subscribe(std::move(subscriber), SubscribeOptions{}); }

  /// From now on keeps the last events, in at most `max_bytes`; 0 to keep none. Events that were kept before are gone.
  /// A subscriber must not call this.
  void keep_last(std::size_t max_bytes);
  /// Whether it keeps the last events, so that they can be read.
  [[nodiscard]] bool keeps_events() const { return ring_.has_value(); }
  /// Calls `look` for kept events of all categories, at most `max_events` of them, beginning with number `from`. If
  /// some are missing, a `gap` comes first. Returns the number from which to read the next time. For readers that read
  /// at their own pace.
  std::uint64_t read(std::uint64_t from, std::size_t max_events, const LookAtEvent& look);

  /// The time that an event has now.
  [[nodiscard]] event::Time now() const { return clock_.event_time(); }
  /// The number of the event that was told last; 0 before the first.
  [[nodiscard]] std::uint64_t last_number() const { return last_number_; }
  /// The number of the oldest event that is kept; if none is, that of the next event.
  [[nodiscard]] std::uint64_t first_number() const;

 private:
  friend class Subscription;
  class EventInProgress;

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
  std::deque<StoredEvent> told_meanwhile_;  // events that subscribers have told while they were called
  unsigned telling_{0};                     // how many nested calls of subscribers are going on
  bool has_ended_places_{false};
};

}  // namespace pocketmq::broker
