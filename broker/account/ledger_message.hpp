// What the ledger knows of one message: what was published, where it is, and how it ended.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "broker/core/actor.hpp"
#include "broker/core/clock.hpp"
#include "broker/events/reasons.hpp"

namespace pocketmq::broker {

struct LedgerScope;

/// What a message may be at one moment. A message that was routed to several queues may be several at once.
enum class MessageState : std::uint8_t {
  published,  // any message
  ready,
  unacked,
  acked,
  expired,        // and dropped for it or dead-lettered
  dropped,        // for any other reason, but not because it was unroutable
  dead_lettered,  // for any reason
  returned,
  unroutable,  // no queue was found; it was returned or dropped
  replied      // it was a direct reply, and was sent to the requester
};

namespace event {
template <>
inline constexpr std::array<std::string_view, 10> names_of<MessageState>{
    "published", "ready",         "unacked",  "acked",      "expired",
    "dropped",   "dead_lettered", "returned", "unroutable", "replied"};
}  // namespace event

/// A moment on both of the broker's clocks.
struct Moment {
  TimePoint broker{};
  TimePoint real{};

  [[nodiscard]] static Moment of(const Clock& clock) { return {clock.now(), clock.real_now()}; }
  /// How long ago it was, for people: by the broker's clock or, if that stood still, by the real one.
  [[nodiscard]] std::chrono::nanoseconds ago(const Clock& clock) const {
    return std::max(clock.now() - broker, clock.real_now() - real);
  }
};

/// A message in one queue.
struct LedgerPlace {
  enum class Is : std::uint8_t { ready, unacked, acked, dropped, dead_lettered };

  Is is{Is::ready};
  Moment since{};
  bool may_expire{false};         // it has a time to live
  bool is_rejected{false};        // by its consumer; it is dropped or dead-lettered next
  std::uint32_t deliveries{0};    // how often it was delivered
  Actor client{};                 // to which it was delivered last
  std::string consumer{};         // the same; empty for a basic.get
  std::uint64_t delivery_tag{0};  // the same
  event::Dropped why_dropped{};
  event::Death why_dead{};
  std::uint64_t dead_letter{0};  // the message that it has become; 0 if none yet

  [[nodiscard]] bool is_in_queue() const { return is == Is::ready || is == Is::unacked; }
};

struct LedgerMessage {
  std::uint64_t number{0};
  std::uint64_t parent{0};  // of a dead letter: the message that died
  LedgerScope* scope{nullptr};
  Actor publisher{};         // none for a dead letter, and for a message that the test kit has published
  std::uint64_t publish{0};  // its number on a channel in confirm mode
  bool in_transaction{false};
  bool mandatory{false};
  std::string exchange{};
  std::string routing_key{};
  std::string properties{};  // encoded
  std::string body{};        // its first bytes, `LedgerBounds::body_bytes` at most
  std::uint64_t body_bytes{0};
  bool content_is_left_out{false};  // properties and body were not kept, for lack of memory
  Moment published_at{};

  bool is_unrouted{true};    // it was not routed yet, or its transaction is open
  std::uint64_t awaited{0};  // how many queues and requesters are still to take it
  std::uint64_t letters{0};  // how many queues have dead-lettered it, and the dead letter is not published yet
  std::uint64_t in_queues{0};
  std::map<std::string, LedgerPlace, std::less<>> places{};  // by the queue's name
  bool was_unroutable{false};
  bool was_returned{false};
  bool was_replied{false};
  std::optional<event::Dropped> dropped{};  // without a queue, and why
  std::vector<std::uint64_t> events{};      // the numbers of the events of its life; of very many, the first ones

  bool is_marked{false};  // for the ledger's listener
  std::size_t charged_bytes{0};

  /// It is in no queue, on its way to none, and none of its dead letters waits.
  [[nodiscard]] bool has_ended() const { return !is_unrouted && awaited == 0 && letters == 0 && in_queues == 0; }
  /// Null if it was never in a queue of that name.
  [[nodiscard]] const LedgerPlace* find_place(std::string_view queue) const {
    const auto found = places.find(queue);
    return found == places.end() ? nullptr : &found->second;
  }
  /// Whether it is, or has become, that; in that queue, if one is given.
  [[nodiscard]] bool is(MessageState state, const std::string* queue = nullptr) const;
  /// The one word that says most: where it is or, once it has ended, how.
  [[nodiscard]] MessageState state() const;
};

/// The same for one place. Not for the states `published`, `returned`, `unroutable` and `replied`.
[[nodiscard]] bool place_is(const LedgerPlace& place, MessageState state);

}  // namespace pocketmq::broker
