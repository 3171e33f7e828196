#include "broker/compare/comparison_events.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "broker/compare/comparison_limits.hpp"
#include "broker/compare/normalized_recording.hpp"
#include "broker/request/control_error.hpp"
#include "broker/request/request_body.hpp"

namespace pocketmq::broker {
namespace {

using Json = nlohmann::ordered_json;

std::string text_in(const Json& event, std::string_view key) {
  const auto found = event.find(key);
  return found != event.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

bool is_one_of(std::string_view kind, std::initializer_list<std::string_view> kinds) {
  return std::ranges::find(kinds, kind) != kinds.end();
}

Lane lane_of(const RecordedEvent& event) {
  const auto& json = *event.json;
  Lane lane{.connection = text_in(json, "connection")};
  if (const auto channel = json.find("channel"); channel != json.end() && channel->is_number_unsigned())
    lane.channel = channel->get<std::uint64_t>();
  if (event.kind.starts_with("clock.")) return {.of = Lane::Of::clock};
  if (event.kind == "message.published" && lane.connection.empty()) return {.of = Lane::Of::publishes};
  if (lane.connection.empty()) return {.of = event.message.empty() ? Lane::Of::none : Lane::Of::life};
  const bool is_automatic = event.kind == "message.acked" && text_in(json, "ack_mode") == "automatic";
  if (is_automatic || is_one_of(event.kind, {"message.delivered", "message.replied"}))
    lane.of = Lane::Of::deliveries;
  else if (is_one_of(event.kind, {"message.returned", "publish.confirmed", "publish.nacked"}))
    lane.of = Lane::Of::confirms;
  else if (is_one_of(event.kind, {"connection.blocked", "connection.unblocked"})
           || (event.kind == "consumer.cancelled" && text_in(json, "reason") == "queue_deleted")
           || (event.kind == "channel.flow" && text_in(json, "by") == "broker"))
    lane = {.of = Lane::Of::notices, .connection = lane.connection};
  else
    lane = {.of = Lane::Of::commands, .connection = lane.connection};
  return lane;
}

ComparisonOptions options_of(const Json& header) {
  return read_object(header, [](JsonObject& object) {
    ComparisonOptions options;
    object.ignore({"recording"});
    if (const auto members = object.optional_text("members"); members == "all")
      options.members = Members::all;
    else if (members && members != "listed")
      object.refuse("members", "wants \"all\" or \"listed\"");
    const auto times = object.optional_text("times");
    options.compares_times = times == "compared";
    if (times && times != "ignored" && !options.compares_times)
      object.refuse("times", "wants \"ignored\" or \"compared\"");
    options.kinds = object.words("kinds");
    return options;
  });
}

RecordedEvent event_of(Json json, std::size_t line) {
  RecordedEvent event{.line = line};
  event.kind = text_in(json, "kind");
  event.message = text_in(json, "message");
  event.parent = text_in(json, "parent");
  event.queue = text_in(json, "queue");
  event.json = std::make_shared<const Json>(std::move(json));
  event.lane = lane_of(event);
  return event;
}

bool is_wanted(const ComparisonOptions& options, std::string_view kind) {
  const auto begins = [&](const std::string& prefix) { return kind.starts_with(prefix); };
  return options.kinds.empty() || std::ranges::any_of(options.kinds, begins);
}

}  // namespace

std::string RecordedEvent::text(const Renaming* renaming) const {
  const auto named = [&](const std::string& name) {
    if (renaming == nullptr) return name;
    const auto golden = renaming->golden(name);
    return golden.empty() ? name : std::string{golden};
  };
  auto text = kind;
  if (!message.empty()) text += " of " + named(message);
  if (!queue.empty()) text += " in '" + (renaming == nullptr ? queue : with_golden_names(queue, *renaming)) + "'";
  if (const auto connection = text_in(*json, "connection"); !connection.empty()) text += " on " + named(connection);
  return text;
}

std::map<Lane, ParsedRecording::Indexes> ParsedRecording::lanes() const {
  std::map<Lane, Indexes> lanes;
  for (std::size_t i = 0; i < events.size(); ++i) lanes[events[i].lane].push_back(i);
  return lanes;
}

ParsedRecording parse_recording(std::string_view text, std::string_view what, const ComparisonOptions* options) {
  ParsedRecording recording;
  const auto refuse = [&](std::size_t line, const std::string& why) {
    throw ControlError{ControlError::Kind::bad, std::string{what} + ", line " + std::to_string(line) + ": " + why};
  };
  if (options != nullptr) recording.options = *options;
  for_each_line(text, [&](std::string_view line, std::size_t number) {
    auto json = Json::parse(line, nullptr, false);
    if (json.is_discarded() || !json.is_object())
      refuse(number, "it is no JSON object; write one event a line, as GET /test/recording shows them");
    if (json.contains("recording")) {
      if (options != nullptr) return;
      try {
        recording.options = options_of(json);
      } catch (const ControlError& error) {
        refuse(number, error.what());
      }
      return;
    }
    if (text_in(json, "kind").empty())
      refuse(number, "it has no \"kind\"; write the kind of an event, such as \"message.published\"");
    auto event = event_of(std::move(json), number);
    if (is_wanted(recording.options, event.kind)) recording.events.push_back(std::move(event));
    if (recording.events.size() > ComparisonLimits::lines_max)
      refuse(number, "at most " + std::to_string(ComparisonLimits::lines_max)
                         + " events can be compared; compare a shorter part, or fewer \"kinds\"");
  });
  return recording;
}

}  // namespace pocketmq::broker
