#include "broker/control/fault_rule_json.hpp"

#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "broker/request/duration.hpp"
#include "broker/request/request_body.hpp"
#include "protocol/codec/json_parse.hpp"

namespace pocketmq::broker {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::uint64_t count_max = std::uint64_t{1} << 53U;

// ---- "on"

std::optional<fault::Direction> direction_in(JsonObject& on) {
  const auto text = on.optional_text("direction");
  if (!text) return std::nullopt;
  if (*text == "to_broker") return fault::Direction::to_broker;
  if (*text == "to_client") return fault::Direction::to_client;
  on.refuse("direction", "wants \"to_broker\" or \"to_client\", got " + protocol::in_quotes(*text));
}

fault::On on_of(JsonObject on) {
  fault::On result{.method = on.text("method"), .direction = direction_in(on)};
  if (const auto* connection = on.member("connection"); connection != nullptr && connection->is_number())
    result.connection_number = on.whole_number("connection", 1, count_max);
  else
    result.connection = text_match_in(on, "connection");
  result.queue = text_match_in(on, "queue");
  result.exchange = text_match_in(on, "exchange");
  result.routing_key = text_match_in(on, "routing_key");
  result.body = text_match_in(on, "body");
  on.refuse_unread_keys();
  return result;
}

// ---- "nth", "times", "every", "chance"

fault::When when_in(JsonObject& rule) {
  std::vector<fault::When> given;
  if (const auto n = rule.whole_number("nth", 1, count_max)) given.emplace_back(fault::Nth{*n});
  if (const auto n = rule.whole_number("times", 1, count_max)) given.emplace_back(fault::Times{*n});
  if (const auto n = rule.whole_number("every", 1, count_max)) given.emplace_back(fault::Every{*n});
  if (const auto* chance = rule.member("chance")) {
    if (!chance->is_number() || chance->get<double>() < 0 || chance->get<double>() > 1)
      rule.refuse("chance", "wants a number from 0 to 1, such as 0.1; got " + chance->dump());
    given.emplace_back(fault::Chance{chance->get<double>()});
  }
  if (given.size() > 1)
    throw JsonObjectError{"give only one of nth, times, every and chance; without any, the rule fires each time"};
  return given.empty() ? fault::When{} : given.front();
}

// ---- "do"

// The value of an action: `true`, or an object with what can be said about it.
class ActionValue {
 public:
  ActionValue(JsonObject& parent, std::string_view name) : parent_{parent}, name_{name}, json_{*parent.member(name)} {}

  void require_true() const {
    if (json_ != true) parent_.refuse(name_, "wants true; got " + json_.dump());
  }
  [[nodiscard]] bool is_true() const { return json_ == true; }
  [[nodiscard]] JsonObject object(const std::string& example) const {
    if (!json_.is_object()) parent_.refuse(name_, "wants an object such as " + example + "; got " + json_.dump());
    return *parent_.object(name_);
  }
  [[nodiscard]] std::chrono::nanoseconds duration() const { return *duration_in(parent_, name_); }

 private:
  JsonObject& parent_;
  const std::string name_;
  const Json& json_;
};

// {"code", "text"}; what is missing stays as it is in `action`.
template <class A> A with_code(const ActionValue& value, A action, bool code_is_required, const std::string& example) {
  if (!code_is_required && value.is_true()) return action;
  auto object = value.object(example);
  if (code_is_required && !object.has("code"))
    object.refuse("code", "is missing; write an AMQP reply code, such as " + example);
  if (const auto code = object.whole_number("code", 1, 999)) action.code = static_cast<std::uint16_t>(*code);
  if (auto text = object.optional_text("text")) action.text = std::move(*text);
  object.refuse_unread_keys();
  return action;
}

fault::CutOff cut_of(const ActionValue& value) {
  fault::CutOff cut;
  if (value.is_true()) return cut;
  auto object = value.object("{\"at\": \"before\", \"how\": \"end\"}");
  if (const auto* at = object.member("at")) {
    if (at->is_number_unsigned())
      cut.at = fault::CutOff::Bytes{at->get<std::size_t>()};
    else if (*at == "after")
      cut.at = fault::CutOff::After{};
    else if (*at != "before")
      object.refuse("at", "wants \"before\", \"after\", or a number of bytes of the command; got " + at->dump());
  }
  if (const auto how = object.optional_text("how")) {
    if (*how == "reset")
      cut.how = Cut::reset;
    else if (*how == "freeze")
      cut.how = Cut::freeze;
    else if (*how != "end")
      object.refuse("how", "wants \"end\", \"reset\" or \"freeze\", got " + protocol::in_quotes(*how));
  }
  object.refuse_unread_keys();
  return cut;
}

template <class A> fault::Action simple(const ActionValue& value) {
  value.require_true();
  return A{};
}

struct ActionReader {
  std::string_view name;
  fault::Action (*read)(const ActionValue&);
};
constexpr std::array action_readers{
    ActionReader{"nack", &simple<fault::Nack>},
    ActionReader{"return",
                 [](const ActionValue& value) -> fault::Action {
                   return with_code(value, fault::Return{}, false, R"({"code": 312, "text": "NO_ROUTE"})");
                 }},
    ActionReader{"close_channel",
                 [](const ActionValue& value) -> fault::Action {
                   return with_code(value, fault::CloseChannel{}, true, R"({"code": 406, "text": "why"})");
                 }},
    ActionReader{"close_connection",
                 [](const ActionValue& value) -> fault::Action {
                   return with_code(value, fault::CloseConnection{}, true, R"({"code": 320, "text": "why"})");
                 }},
    ActionReader{"cut", [](const ActionValue& value) -> fault::Action { return cut_of(value); }},
    ActionReader{"cancel", &simple<fault::Cancel>},
    ActionReader{"block",
                 [](const ActionValue& value) -> fault::Action {
                   return value.is_true() ? fault::Block{} : fault::Block{value.duration()};
                 }},
    ActionReader{"unblock", &simple<fault::Unblock>},
    ActionReader{"refuse",
                 [](const ActionValue& value) -> fault::Action {
                   return with_code(value, fault::Refuse{}, false, R"({"code": 404, "text": "why"})");
                 }},
    ActionReader{"delay", [](const ActionValue& value) -> fault::Action { return fault::Delay{value.duration()}; }},
    ActionReader{"redeliver", &simple<fault::Redeliver>},
    ActionReader{"full", &simple<fault::Full>},
    ActionReader{"restart", &simple<fault::Restart>},
    ActionReader{"drop", &simple<fault::Drop>},
    ActionReader{"duplicate", &simple<fault::Duplicate>},
    ActionReader{"reorder", &simple<fault::Reorder>}};

fault::Action action_of(JsonObject actions) {
  std::string names;
  const ActionReader* given = nullptr;
  for (const auto& reader : action_readers) {
    names += (names.empty() ? "" : ", ") + std::string{reader.name};
    if (!actions.has(reader.name)) continue;
    if (given != nullptr)
      throw JsonObjectError{"do: has " + std::string{given->name} + " and " + std::string{reader.name}
                            + "; write one rule for each"};
    given = &reader;
  }
  if (given == nullptr) throw JsonObjectError{"do: wants one of " + names};
  auto action = given->read(ActionValue{actions, given->name});
  actions.refuse_unread_keys();
  return action;
}

Json json_of(const FaultReport::Occurrence& occurrence) {
  Json json = Json::object();
  if (occurrence.event != 0) json["event"] = occurrence.event;
  json["connection"] = occurrence.connection;
  json["text"] = occurrence.text;
  return json;
}

}  // namespace

FaultRule fault_rule_of(const Json& json) {
  return read_object(json, [](JsonObject& rule) {
    auto on = rule.object("on");
    if (!on) rule.refuse("on", "is missing; say which commands, such as {\"method\": \"basic.publish\"}");
    auto actions = rule.object("do");
    if (!actions) rule.refuse("do", "is missing; say what happens, such as {\"nack\": true}");
    FaultRule result{.name = rule.optional_text("name").value_or(""),
                     .scope = rule.optional_text("scope"),
                     .on = on_of(std::move(*on)),
                     .when = when_in(rule),
                     .act = action_of(std::move(*actions)),
                     .unlawful = rule.boolean("unlawful", false)};
    return checked(std::move(result));
  });
}

Json json_of(const FaultReport& report) {
  Json json{{"id", report.id}, {"name", report.name}};
  if (report.scope) json["scope"] = *report.scope;
  json["seen"] = report.seen;
  json["fired_count"] = report.fired_count;
  json["fired"] = Json::array();
  for (const auto& occurrence : report.fired) json["fired"].push_back(json_of(occurrence));
  json["could_not"] = Json::array();
  for (const auto& occurrence : report.could_not) json["could_not"].push_back(json_of(occurrence));
  return json;
}

}  // namespace pocketmq::broker
