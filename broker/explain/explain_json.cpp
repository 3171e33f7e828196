#include "broker/explain/explain_json.hpp"

#include <array>

#include <nlohmann/json.hpp>

#include "broker/request/request_body.hpp"
#include "protocol/codec/json_table.hpp"
#include "protocol/codec/json_text.hpp"

namespace pocketmq::broker {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 4> outcomes{"routed", "unroutable", "refused", "unfinished"};

// A name may be any bytes.
Json name(std::string_view bytes) {
  std::string text;
  protocol::append_json_string(bytes, text);
  return Json::parse(text);
}

Json table(const std::string& encoded) {
  std::string text;
  protocol::append_json(protocol::FieldTable{encoded}, text, protocol::Secrets::hidden);
  return Json::parse(text);
}

void add_binding(const Explanation::Binding& binding, Json& to) {
  to["binding_key"] = name(binding.binding_key);
  if (!binding.arguments.empty()) to["arguments"] = table(binding.arguments);
  to["to"] = name(binding.to);
  to["to_is"] = name_of(binding.to_is);
  if (!binding.key.empty()) to["key"] = name(binding.key);
}

void add_miss(const Miss& miss, Json& to) {
  to["why"] = name(miss.why);
  to["distance"] = miss.distance.first;
}

Json json_of_step(const Explanation::Step& step) {
  Json json{{"exchange", name(step.exchange)}, {"type", name(step.type)}};
  json["binding_count"] = step.binding_count;
  json["match_count"] = step.match_count;
  json["bindings"] = Json::array();
  for (const auto& binding : step.bindings) {
    Json one = Json::object();
    one["matches"] = binding.matches;
    add_binding(binding, one);
    if (!binding.matches) add_miss(binding.miss, one);
    json["bindings"].push_back(std::move(one));
  }
  if (step.alternate) json["alternate"] = {{"exchange", name(*step.alternate)}, {"taken", step.goes_to_alternate}};
  return json;
}

}  // namespace

ExplainRequest explain_request_in(JsonObject& object) {
  const auto text = [&](std::string_view key) { return object.has(key) ? object.name(key) : std::string{}; };
  ExplainRequest request{.exchange = text("exchange"), .routing_key = text("routing_key")};
  request.headers = object.table("headers");
  return request;
}

ExplainRequest explain_request_of(const nlohmann::ordered_json& json) {
  return read_object(json, [](JsonObject& object) {
    object.ignore({"scope"});
    return explain_request_in(object);
  });
}

nlohmann::ordered_json json_of(const Explanation& explanation) {
  Json json = Json::object();
  json["outcome"] = outcomes.at(static_cast<std::size_t>(explanation.outcome));
  if (!explanation.refusal.empty()) json["refusal"] = name(explanation.refusal);
  json["queues"] = Json::array();
  for (const auto& queue : explanation.queues) json["queues"].push_back(name(queue));
  json["queue_count"] = explanation.queue_count;
  json["steps"] = Json::array();
  for (const auto& step : explanation.steps) json["steps"].push_back(json_of_step(step));
  json["nearest"] = Json::array();
  for (const auto& [exchange, binding] : explanation.nearest) {
    Json near = Json::object();
    near["exchange"] = name(exchange);
    add_binding(binding, near);
    add_miss(binding.miss, near);
    json["nearest"].push_back(std::move(near));
  }
  json["notes"] = Json::array();
  for (const auto& note : explanation.notes) json["notes"].push_back(name(note));
  json["text"] = name(text_of(explanation));
  return json;
}

}  // namespace pocketmq::broker
