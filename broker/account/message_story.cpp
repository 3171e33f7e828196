#include "broker/account/message_story.hpp"

#include <algorithm>

#include "broker/account/message_match.hpp"
#include "broker/explain/edit_distance.hpp"
#include "broker/request/duration.hpp"
#include "broker/session/broker.hpp"
#include "protocol/base/printable.hpp"
#include "protocol/codec/trace.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::size_t told_places_max = 5;
constexpr std::size_t told_consumers_max = 3;
constexpr std::size_t held_max = 3;
constexpr std::size_t held_looked_at_max = 1'000;

}  // namespace

std::string_view text_of(event::Dropped reason) {
  switch (reason) {
    case event::Dropped::unroutable: return "no queue is bound for it";
    case event::Dropped::queue_full: return "the queue was full, and refuses further messages (x-overflow)";
    case event::Dropped::maxlen: return "the queue was full, and has no dead-letter exchange";
    case event::Dropped::expired: return "it expired, and the queue has no dead-letter exchange";
    case event::Dropped::rejected: return "it was rejected, and the queue has no dead-letter exchange";
    case event::Dropped::delivery_limit: return "it was requeued too often, and the queue has no dead-letter exchange";
    case event::Dropped::purged: return "the queue was purged";
    case event::Dropped::queue_deleted: return "the queue was deleted";
    case event::Dropped::no_dead_letter_exchange: return "the queue's dead-letter exchange does not exist";
    case event::Dropped::dead_letter_cycle: return "its dead letter would come back to the queue";
    case event::Dropped::dead_letter_limit: return "the broker makes no more dead letters of it";
    case event::Dropped::requester_gone: return "the requester of this direct reply has gone";
    case event::Dropped::requester_slow: return "the requester of this direct reply does not read";
    case event::Dropped::rolled_back:
      return "its transaction was rolled back, or its client has gone before the commit";
    case event::Dropped::no_memory: return "the broker's memory was exhausted";
    case event::Dropped::restarted: return "the broker was restarted, and the message or its queue is not durable";
    case event::Dropped::fault: return "a fault of the test kit dropped it";
  }
  return "unknown";
}

std::string_view text_of(event::Death reason) {
  switch (reason) {
    case event::Death::rejected: return "rejected";
    case event::Death::expired: return "expired";
    case event::Death::maxlen: return "the queue was full";
    case event::Death::delivery_limit: return "it was requeued too often";
  }
  return "unknown";
}

std::string MessageStories::ago(const Moment& moment) const {
  return duration_text(moment.ago(broker_.context().clock()));
}

std::string MessageStories::name_of(const LedgerMessage& message) {
  auto name = "#" + std::to_string(message.number) + " "
              + (message.routing_key.empty() ? "''" : protocol::trace_word(message.routing_key));
  if (message.parent != 0) name += " (dead letter of #" + std::to_string(message.parent) + ")";
  return name;
}

std::string MessageStories::exchange_of(const LedgerMessage& message) const {
  if (message.exchange.empty()) return "the default exchange";
  const auto* vhost = broker_.find_virtual_host(message.scope->vhost);
  const auto* exchange = vhost == nullptr ? nullptr : vhost->find_exchange(message.exchange);
  return "exchange " + shown_name(message.exchange)
         + (exchange == nullptr ? "" : " (" + exchange->declaration().type + ")");
}

std::string MessageStories::who(const Actor& client, std::string_view consumer) const {
  const auto* connection = ledger_.find_connection(client.connection);
  const bool has_name = connection != nullptr && connection->name != connection->address;
  if (consumer.empty()) return "client " + shown_name(ledger_.name_of_connection(client.connection));
  return "consumer " + shown_name(consumer) + (has_name ? " of " + shown_name(connection->name) : "");
}

// ---- queues and consumers

// "#5, for 4.9 s; #6, for 4 s; and 3 more"
std::string MessageStories::held(const LedgerScope& scope, const std::string& queue_name,
                                 const Consumer& consumer) const {
  const auto* queue = scope.find_queue(queue_name);
  if (queue == nullptr) return {};
  std::string text;
  std::size_t shown = 0;
  std::size_t looked_at = 0;
  for (const auto number : queue->unacked) {
    if (shown == held_max || ++looked_at > held_looked_at_max) break;
    const auto* message = ledger_.find(number);
    const auto* place = message == nullptr ? nullptr : message->find_place(queue_name);
    if (place == nullptr || place->consumer != consumer.tag()) continue;
    if (place->client.connection != consumer.channel().connection
        || place->client.channel != consumer.channel().channel)
      continue;
    ++shown;
    text += (text.empty() ? "" : "; ") + ("#" + std::to_string(number)) + ", for " + ago(place->since);
  }
  const auto all = consumer.prefetch()->unacked();
  if (shown > 0 && shown < all) text += "; and " + std::to_string(all - shown) + " more";
  return text;
}

std::string MessageStories::consumer(const LedgerScope& scope, const std::string& queue,
                                     const Consumer& consumer) const {
  const auto limit = consumer.settings().prefetch;
  const auto unacked = consumer.prefetch()->unacked();
  auto text = "its " + who(consumer.channel(), consumer.tag()) + " holds " + std::to_string(unacked)
              + (limit == 0 ? "" : " of prefetch " + std::to_string(limit));
  if (const auto messages = held(scope, queue, consumer); !messages.empty()) text += " (" + messages + ")";
  const auto* connection = ledger_.find_connection(consumer.channel().connection);
  if (connection != nullptr && connection->is_frozen)
    text += ", and its connection is frozen by a fault";
  else if ((limit == 0 || unacked < limit) && !consumer.can_take())
    text +=
        ", and cannot take more: its channel's shared prefetch is used up, it asked for no more (channel.flow), or "
        "its client does not read";
  else if (limit == 0 || unacked < limit)
    text += ", and waits for its turn";
  return text;
}

std::string MessageStories::consumers_of(const LedgerScope& scope, const std::string& queue_name) const {
  const auto* vhost = broker_.find_virtual_host(scope.vhost);
  const auto* queue = vhost == nullptr ? nullptr : vhost->find_queue(queue_name);
  if (queue == nullptr) return "the queue was deleted";
  if (queue->consumers() == 0) return "the queue has no consumer";
  std::string text;
  std::size_t shown = 0;
  queue->rotation().for_each([&](const Consumer& each) {
    if (++shown <= told_consumers_max) text += (shown == 1 ? "" : ", ") + consumer(scope, queue_name, each);
  });
  if (shown > told_consumers_max) text += ", and " + counted(shown - told_consumers_max, "more consumer");
  return text;
}

// ---- messages

std::string MessageStories::place(const LedgerMessage& message, const std::string& queue,
                                  const LedgerPlace& place) const {
  using Is = LedgerPlace::Is;
  const auto name = shown_name(queue);
  switch (place.is) {
    case Is::ready:
      return "is in " + name + ", ready for " + ago(place.since)
             + (place.deliveries == 0 ? "" : " after " + counted(place.deliveries, "delivery that was requeued")) + ": "
             + consumers_of(*message.scope, queue);
    case Is::unacked: {
      const auto* connection = ledger_.find_connection(place.client.connection);
      const bool is_frozen = connection != nullptr && connection->is_frozen;
      return "is in " + name + ", unacked for " + ago(place.since) + ": " + who(place.client, place.consumer)
             + " has not acked it" + (is_frozen ? ", and its connection is frozen by a fault" : "");
    }
    case Is::acked:
      return "was acked in " + name + " " + ago(place.since) + " ago by " + who(place.client, place.consumer);
    case Is::dropped:
      return "was dropped from " + name + " " + ago(place.since) + " ago: " + std::string{text_of(place.why_dropped)};
    case Is::dead_lettered:
      return "was dead-lettered from " + name + " " + ago(place.since) + " ago (" + std::string{text_of(place.why_dead)}
             + ")"
             + (place.dead_letter != 0 ? ", as #" + std::to_string(place.dead_letter)
                                       : ", and its dead letter is not published yet");
  }
  return {};
}

std::string MessageStories::without_queue(const LedgerMessage& message) const {
  const auto to = "to " + exchange_of(message);
  if (message.is_unrouted && message.in_transaction)
    return to + ": in a transaction that is not committed, for " + ago(message.published_at);
  if (message.is_unrouted) return to + ": not routed yet, for " + ago(message.published_at);
  if (message.was_unroutable) {
    const auto why = message.exchange.empty() ? "there is no queue " + shown_name(message.routing_key)
                                              : std::string{"no binding matched"};
    return to + ": " + why + (message.was_returned ? ", returned to its publisher" : ", dropped");
  }
  if (message.was_replied) return to + ": sent to its requester as a direct reply";
  if (message.awaited > 0) return to + ": on its way to " + counted(message.awaited, "queue");
  if (message.was_returned) return to + ": returned to its publisher";
  if (message.dropped) return to + ": dropped: " + std::string{text_of(*message.dropped)};
  return to + ": ended";
}

std::string MessageStories::of(const LedgerMessage& message) const {
  auto text = name_of(message);
  if (message.places.empty()) return text + " " + without_queue(message);
  // Where it still is comes first.
  std::size_t shown = 0;
  for (const bool is_in_queue : {true, false})
    for (const auto& [queue, each] : message.places) {
      if (each.is_in_queue() != is_in_queue || shown == told_places_max) continue;
      text += (shown++ == 0 ? " " : "; ") + place(message, queue, each);
    }
  if (shown < message.places.size()) text += "; and " + counted(message.places.size() - shown, "more queue");
  if (message.awaited > 0) text += "; and is on its way to " + counted(message.awaited, "more queue");
  return text;
}

}  // namespace pocketmq::broker
