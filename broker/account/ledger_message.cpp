#include "broker/account/ledger_message.hpp"

#include <algorithm>
#include <array>

namespace pocketmq::broker {

bool place_is(const LedgerPlace& place, MessageState state) {
  using Is = LedgerPlace::Is;
  const bool was_dropped_as_expired = place.is == Is::dropped && place.why_dropped == event::Dropped::expired;
  switch (state) {
    case MessageState::ready: return place.is == Is::ready;
    case MessageState::unacked: return place.is == Is::unacked;
    case MessageState::acked: return place.is == Is::acked;
    case MessageState::expired:
      return was_dropped_as_expired || (place.is == Is::dead_lettered && place.why_dead == event::Death::expired);
    case MessageState::dropped: return place.is == Is::dropped && !was_dropped_as_expired;
    case MessageState::dead_lettered: return place.is == Is::dead_lettered;
    case MessageState::published:
    case MessageState::returned:
    case MessageState::unroutable:
    case MessageState::replied: break;
  }
  return false;
}

bool LedgerMessage::is(MessageState state, const std::string* queue) const {
  switch (state) {
    case MessageState::published: return queue == nullptr || places.contains(*queue);
    case MessageState::returned: return queue == nullptr && was_returned;
    case MessageState::unroutable: return queue == nullptr && was_unroutable;
    case MessageState::replied: return queue == nullptr && was_replied;
    default: break;
  }
  if (queue != nullptr) {
    const auto place = places.find(*queue);
    return place != places.end() && place_is(place->second, state);
  }
  if (state == MessageState::dropped && dropped && *dropped != event::Dropped::unroutable) return true;
  return std::ranges::any_of(places, [&](const auto& place) { return place_is(place.second, state); });
}

MessageState LedgerMessage::state() const {
  constexpr std::array by_weight{MessageState::unacked,  MessageState::ready,      MessageState::dead_lettered,
                                 MessageState::expired,  MessageState::dropped,    MessageState::acked,
                                 MessageState::returned, MessageState::unroutable, MessageState::replied};
  if (is_unrouted || (in_queues == 0 && awaited > 0)) return MessageState::published;
  const auto* const found = std::ranges::find_if(by_weight, [this](MessageState state) { return is(state); });
  return found == by_weight.end() ? MessageState::published : *found;
}

}  // namespace pocketmq::broker
