#include "broker/account/condition_json.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <nlohmann/json.hpp>

#include "broker/request/duration.hpp"
#include "broker/request/request_body.hpp"
#include "protocol/codec/json_parse.hpp"

namespace pocketmq::broker {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t number_max = std::numeric_limits<std::int64_t>::max();
constexpr std::array<std::string_view, 5> condition_kinds{"message", "queue", "connections", "drained", "quiet"};

std::optional<MessageState> find_state(std::string_view name) {
  const auto& names = event::names_of<MessageState>;
  const auto* const found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<MessageState>(found - names.begin());
}

std::string state_names() {
  std::string all;
  for (const auto name : event::names_of<MessageState>) all += (all.empty() ? "\"" : ", \"") + std::string{name} + "\"";
  return all;
}

std::optional<JsonMatch> json_match_in(JsonObject& object, std::string_view key, bool wants_object) {
  const auto* const member = object.member(key);
  if (member == nullptr) return std::nullopt;
  if (wants_object && !member->is_object())
    object.refuse(key,
                  "wants an object of names and values, such as {\"retries\": 3}; got " + protocol::kind_of(*member));
  return JsonMatch{*member};
}

MessageMatch message_match_in(JsonObject& object) {
  MessageMatch match{.exchange = text_match_in(object, "exchange"),
                     .routing_key = text_match_in(object, "routing_key"),
                     .queue = text_match_in(object, "queue"),
                     .body = text_match_in(object, "body"),
                     .json = json_match_in(object, "json", false),
                     .headers = json_match_in(object, "headers", true),
                     .properties = json_match_in(object, "properties", true)};
  if (const auto state = object.optional_text("state")) {
    match.state = find_state(*state);
    if (!match.state) object.refuse("state", "wants one of " + state_names() + "; got \"" + *state + "\"");
  }
  const bool is_of_no_queue = match.state == MessageState::returned || match.state == MessageState::unroutable
                              || match.state == MessageState::replied;
  if (match.queue && is_of_no_queue)
    object.refuse("queue", "has no meaning with the state \"" + std::string{event::name_of(*match.state)}
                               + "\", because such a message was in no queue; leave one of the two out");
  return match;
}

// A number, or {"at_least": n}.
std::optional<WantedNumber> wanted_number_in(JsonObject& object, std::string_view key) {
  const auto* const member = object.member(key);
  if (member == nullptr) return std::nullopt;
  if (member->is_object()) {
    auto inner = object.object(key);
    const auto number = inner->whole_number("at_least", 0, number_max);
    inner->refuse_unread_keys();
    if (number) return WantedNumber{.number = *number, .is = WantedNumber::Is::at_least};
  } else if (member->is_number_integer()) {
    return WantedNumber{.number = *object.whole_number(key, 0, number_max)};
  }
  object.refuse(key, "wants a number such as 3, or {\"at_least\": 3}; got " + protocol::kind_of(*member));
}

Condition message_condition(JsonObject& object) {
  auto inner = object.object("message");
  MessageCondition condition{.match = message_match_in(*inner)};
  inner->refuse_unread_keys();
  condition.count = object.whole_number("count", 1, MessageCondition::count_max).value_or(1);
  return condition;
}

Condition queue_condition(JsonObject& object) {
  auto inner = object.object("queue");
  QueueCondition condition{.name = inner->text("name"),
                           .ready = wanted_number_in(*inner, "ready"),
                           .unacked = wanted_number_in(*inner, "unacked"),
                           .consumers = wanted_number_in(*inner, "consumers")};
  inner->refuse_unread_keys();
  return condition;
}

Condition connections_condition(JsonObject& object) {
  auto inner = object.object("connections");
  ConnectionsCondition condition{.name = text_match_in(*inner, "name")};
  const auto count = wanted_number_in(*inner, "count");
  if (!count) inner->refuse("count", "is missing: write how many connections are to be open, such as 2");
  condition.count = *count;
  inner->refuse_unread_keys();
  return condition;
}

Condition drained_condition(JsonObject& object) {
  if (!object.boolean("drained")) object.refuse("drained", "wants true; leave it out to wait for something else");
  DrainedCondition condition{};
  const auto* const rests_in = object.member("rests_in");
  if (rests_in != nullptr && !rests_in->is_array() && !rests_in->is_string())
    object.refuse("rests_in", "wants a list of queues, such as [\"dead\"]; got " + protocol::kind_of(*rests_in));
  condition.rests_in = object.words("rests_in");
  condition.count = object.whole_number("count", 0, number_max).value_or(1);
  return condition;
}

Condition quiet_condition(JsonObject& object) { return QuietCondition{.time = *duration_in(object, "quiet")}; }

Condition condition_in(JsonObject& object) {
  std::string_view kind;
  std::string all;
  for (const auto each : condition_kinds) {
    all += (all.empty() ? "\"" : ", \"") + std::string{each} + "\"";
    if (!object.has(each)) continue;
    if (!kind.empty())
      refuse_as_bad("an await has one condition, but this has \"" + std::string{kind} + "\" and \"" + std::string{each}
                    + "\"; make a request for each");
    kind = each;
  }
  if (kind == "message") return message_condition(object);
  if (kind == "queue") return queue_condition(object);
  if (kind == "connections") return connections_condition(object);
  if (kind == "drained") return drained_condition(object);
  if (kind == "quiet") return quiet_condition(object);
  refuse_as_bad("an await needs a condition, one of " + all
                + ": for example {\"message\": {\"routing_key\": \"orders.paid\"}}, or {\"drained\": true}");
}

Await::From from_in(JsonObject& object) {
  const auto from = object.optional_text("from").value_or("begin");
  if (from != "begin" && from != "now")
    object.refuse("from",
                  "wants \"begin\" (all that has happened in the scope counts) or \"now\"; got \"" + from + "\"");
  return from == "begin" ? Await::From::begin : Await::From::now;
}

}  // namespace

Await await_of(const Json& json) {
  return read_object(json, [](JsonObject& object) {
    Await await{.condition = condition_in(object), .scope = object.optional_text("scope"), .from = from_in(object)};
    if (const auto within = duration_in(object, "within")) await.within = *within;
    return await;
  });
}

MessageMatch message_match_of(const Json& json) {
  return read_object(json, [](JsonObject& object) { return message_match_in(object); });
}

MessageState message_state_of(std::string_view name) {
  const auto state = find_state(name);
  if (!state)
    refuse_as_bad("there is no message state '" + std::string{name.substr(0, 100)} + "'; there are " + state_names());
  return *state;
}

}  // namespace pocketmq::broker
