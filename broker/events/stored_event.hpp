// An event that is copied as bytes, and so outlives the objects that it tells of.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "broker/events/event.hpp"

namespace pocketmq::broker {

/// Called with an event of the journal.
using LookAtEvent = std::function<void(const Entry&)>;

/// How many bytes the event takes at most when it is stored.
[[nodiscard]] std::size_t stored_max_bytes(const Entry::Event& event);

/// Writes an event's time, kind and fields, but not its number, to `to`. Returns the end of what was written.
[[nodiscard]] char* store(event::Time time, const Entry::Event& event, char* to);

/// Calls `look` with the event that was stored, as number `number`.
void look_at_stored(std::uint64_t number, std::string_view stored, const LookAtEvent& look);

class StoredEvent {
 public:
  explicit StoredEvent(const Entry& entry) : StoredEvent{entry.number(), entry.time(), entry.event()} {}
  StoredEvent(std::uint64_t number, event::Time time, const Entry::Event& event);

  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] std::size_t size_bytes() const { return sizeof(StoredEvent) + stored_.size(); }
  /// Calls `look` with the event. The event is valid only during the call.
  void look(const LookAtEvent& look) const { look_at_stored(number_, stored_, look); }

 private:
  std::uint64_t number_;
  std::string stored_;
};

}  // namespace pocketmq::broker
