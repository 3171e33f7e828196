#include "broker/account/ledger_json.hpp"

#include <nlohmann/json.hpp>

#include "broker/account/message_story.hpp"
#include "broker/request/plain_json.hpp"
#include "broker/session/broker.hpp"
#include "protocol/codec/trace.hpp"

namespace pocketmq::broker {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t places_in_json_max = 100;

Json milliseconds(std::chrono::nanoseconds time) { return std::chrono::floor<std::chrono::milliseconds>(time).count(); }

std::string_view state_of(const LedgerPlace& place) {
  for (const auto state : {MessageState::ready, MessageState::unacked, MessageState::acked, MessageState::dead_lettered,
                           MessageState::expired})
    if (place_is(place, state)) return event::name_of(state);
  return event::name_of(MessageState::dropped);
}

Json json_of_place(const Ledger& ledger, const LedgerPlace& place, const Clock& clock) {
  Json json{{"state", state_of(place)}, {"since_ms", milliseconds(place.since.ago(clock))}};
  if (place.deliveries > 0) {
    json["deliveries"] = place.deliveries;
    json["connection"] = place.client.connection;
    json["connection_name"] = plain_json_of(ledger.name_of_connection(place.client.connection));
    json["channel"] = place.client.channel;
    if (!place.consumer.empty()) json["consumer"] = plain_json_of(place.consumer);
    json["delivery_tag"] = place.delivery_tag;
  }
  if (place.is == LedgerPlace::Is::dropped) json["reason"] = event::name_of(place.why_dropped);
  if (place.is == LedgerPlace::Is::dead_lettered) json["reason"] = event::name_of(place.why_dead);
  if (place.dead_letter != 0) json["dead_letter"] = place.dead_letter;
  return json;
}

}  // namespace

Json json_of(Broker& broker, const Ledger& ledger, const LedgerMessage& message) {
  const auto& clock = broker.context().clock();
  Json json{{"message", message.number}, {"scope", plain_json_of(message.scope->vhost)}};
  if (message.parent != 0) json["parent"] = message.parent;
  json["exchange"] = plain_json_of(message.exchange);
  json["routing_key"] = plain_json_of(message.routing_key);
  json["state"] = event::name_of(message.state());
  json["published_ms_ago"] = milliseconds(message.published_at.ago(clock));
  if (message.publisher.connection != 0) {
    json["publisher"] = message.publisher.connection;
    json["publisher_name"] = plain_json_of(ledger.name_of_connection(message.publisher.connection));
  }
  if (message.mandatory) json["mandatory"] = true;
  if (message.is_unrouted && message.in_transaction) json["in_transaction"] = true;
  if (message.dropped) json["dropped"] = event::name_of(*message.dropped);
  auto& queues = json["queues"] = Json::object();
  for (const auto& [queue, place] : message.places)
    if (queues.size() < places_in_json_max)
      queues[plain_json_of(queue).get<std::string>()] = json_of_place(ledger, place, clock);
  if (message.content_is_left_out) {
    json["content_left_out"] = true;
  } else {
    const protocol::Properties properties{message.properties};
    json["properties"] = plain_json_of(properties);
    if (const auto headers = properties.headers()) json["headers"] = plain_json_of(*headers);
    const bool is_whole = message.body.size() == message.body_bytes;
    json["body"] = plain_json_of(is_whole ? protocol::without_secrets(message.body) : message.body);
  }
  json["body_bytes"] = message.body_bytes;
  json["text"] = MessageStories{broker, ledger}.of(message);
  return json;
}

Json json_of(Broker& broker, const Ledger& ledger, const AwaitOutcome& outcome) {
  if (outcome.is != AwaitOutcome::Is::holds)
    return {{"error", outcome.is == AwaitOutcome::Is::timeout ? "timeout" : "cannot_hold"},
            {"reason", outcome.reason},
            {"seen", outcome.seen},
            {"nearest", outcome.nearest}};
  auto matched = Json::object();
  for (const auto& [name, number] : outcome.numbers) matched[name] = number;
  if (!outcome.messages.empty()) {
    auto& messages = matched["messages"] = Json::array();
    for (const auto number : outcome.messages)
      if (const auto* message = ledger.find(number)) messages.push_back(json_of(broker, ledger, *message));
  }
  return {{"matched", std::move(matched)}};
}

}  // namespace pocketmq::broker
