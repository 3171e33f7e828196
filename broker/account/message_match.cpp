#include "broker/account/message_match.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "broker/explain/edit_distance.hpp"
#include "broker/request/plain_json.hpp"
#include "protocol/base/printable.hpp"
#include "protocol/codec/trace.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::size_t steps_for_a_text = 4;
constexpr std::size_t steps_for_properties = 100;
constexpr std::size_t shown_body_bytes = 80;

bool text_matches(const std::optional<TextMatch>& wanted, std::string_view text, Budget& budget) {
  budget.use(steps_for_a_text);
  return !wanted || wanted->matches(text, &budget);
}

bool body_matches(const TextMatch& wanted, const LedgerMessage& message, Budget& budget) {
  if (message.content_is_left_out) return false;
  if (wanted.exact() != nullptr && message.body.size() != message.body_bytes) return false;
  budget.use(steps::for_reading(message.body.size()));
  return wanted.matches(message.body, &budget);
}

bool json_matches(const JsonMatch& wanted, const LedgerMessage& message, Budget& budget) {
  if (message.content_is_left_out || message.body.size() != message.body_bytes) return false;
  budget.use(message.body.size() / 16 * steps::for_16_bytes_of_json);
  return wanted.matches_text(message.body);
}

bool headers_match(const JsonMatch& wanted, const LedgerMessage& message, Budget& budget) {
  if (message.content_is_left_out) return false;
  budget.use(steps_for_properties + message.properties.size() / 16 * steps::for_16_bytes_of_json);
  const auto headers = protocol::Properties{message.properties}.headers();
  return wanted.matches(plain_json_of(headers.value_or(protocol::FieldTable{})));
}

bool properties_match(const JsonMatch& wanted, const LedgerMessage& message, Budget& budget) {
  if (message.content_is_left_out) return false;
  budget.use(steps_for_properties);
  return wanted.matches(plain_json_of(protocol::Properties{message.properties}));
}

}  // namespace

bool MessageMatch::content_matches(const LedgerMessage& message, Budget& budget) const {
  return text_matches(exchange, message.exchange, budget) && text_matches(routing_key, message.routing_key, budget)
         && (!body || body_matches(*body, message, budget)) && (!json || json_matches(*json, message, budget))
         && (!headers || headers_match(*headers, message, budget))
         && (!properties || properties_match(*properties, message, budget));
}

bool MessageMatch::place_matches(const LedgerMessage& message, Budget& budget) const {
  if (!queue) return !state || message.is(*state);
  return std::ranges::any_of(message.places, [&](const auto& named) {
    const auto& [name, place] = named;
    return text_matches(queue, name, budget)
           && (!state || *state == MessageState::published || place_is(place, *state));
  });
}

std::size_t MessageMatch::criteria() const {
  const std::array is_given{exchange.has_value(), routing_key.has_value(), queue.has_value(),      body.has_value(),
                            json.has_value(),     headers.has_value(),     properties.has_value(), state.has_value()};
  return static_cast<std::size_t>(std::ranges::count(is_given, true));
}

std::vector<std::string> MessageMatch::differences(const LedgerMessage& message, Budget& budget) const {
  std::vector<std::string> differences;
  if (!text_matches(exchange, message.exchange, budget))
    differences.push_back("it was published to exchange " + shown_name(message.exchange));
  if (!text_matches(routing_key, message.routing_key, budget))
    differences.push_back("its routing key is " + shown_name(message.routing_key));
  if ((body && !body_matches(*body, message, budget)) || (json && !json_matches(*json, message, budget)))
    differences.push_back("its body is " + shown_body(message));
  if (headers && !headers_match(*headers, message, budget)) {
    const auto has = protocol::Properties{message.properties}.headers().value_or(protocol::FieldTable{});
    differences.push_back("its headers are " + protocol::without_secrets(plain_json_of(has).dump()));
  }
  if (properties && !properties_match(*properties, message, budget))
    differences.push_back("its properties are " + plain_json_of(protocol::Properties{message.properties}).dump());
  return differences;
}

std::string MessageMatch::text() const {
  std::string text;
  if (routing_key) text += " for " + routing_key->text();
  if (exchange)
    text += exchange->exact() != nullptr && exchange->exact()->empty() ? " to the default exchange"
                                                                       : " to exchange " + exchange->text();
  if (queue) text += " in queue " + queue->text();
  if (body) text += " with body " + body->text();
  if (json) text += " with JSON " + json->text();
  if (headers) text += " with headers " + headers->text();
  if (properties) text += " with properties " + properties->text();
  if (state && *state != MessageState::published) text += " that is " + std::string{event::name_of(*state)};
  return text;
}

std::string shown_body(const LedgerMessage& message) {
  if (message.content_is_left_out)
    return "not kept, because memory was scarce (" + std::to_string(message.body_bytes) + " bytes)";
  const auto shown = protocol::without_secrets(message.body);
  if (shown.size() <= shown_body_bytes && message.body.size() == message.body_bytes) return shown_name(shown);
  return shown_name(event::clip(shown, shown_body_bytes)) + "... (" + std::to_string(message.body_bytes) + " bytes)";
}

}  // namespace pocketmq::broker
