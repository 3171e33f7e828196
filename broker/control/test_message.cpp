#include "broker/control/test_message.hpp"

#include <memory>
#include <utility>

#include <nlohmann/json.hpp>

#include "broker/channel/publish_checks.hpp"
#include "broker/channel/wide_publish.hpp"
#include "broker/message/copies.hpp"
#include "broker/request/control_error.hpp"
#include "broker/session/broker.hpp"
#include "protocol/codec/json_header.hpp"

namespace pocketmq::broker {
namespace {

using Json = JsonObject::Json;
using protocol::Properties;
namespace basic = protocol::basic;

// The codec of JSON frames reads the properties, so that they are written here as in a frame.
std::string encoded_properties(const Json& properties, const JsonObject& request, const protocol::Limits& limits) {
  const Json header{{"method", basic::Publish::id.name}, {"routing_key", ""}, {"properties", properties}};
  protocol::JsonHeaderReader reader;
  protocol::Command command;
  if (const auto fault = reader.read(header.dump(), limits, command)) {
    const auto after_method = fault->text.find(": ");
    request.refuse("properties", fault->text.substr(after_method == std::string::npos ? 0 : after_method + 2));
  }
  return std::string{command.content->properties.encoded()};
}

Json properties_in(JsonObject& request) {
  Json properties = Json::object();
  if (const auto* given = request.member("properties")) {
    if (!given->is_object()) request.refuse("properties", "wants a JSON object");
    properties = *given;
  }
  if (const auto* headers = request.member("headers")) {
    if (properties.contains("headers")) request.refuse("headers", "is also in 'properties'; write the headers once");
    properties["headers"] = *headers;
  }
  return properties;
}

// Nobody waits for a confirm.
class NoOwner final : public WidePublish::Owner {
 public:
  std::uint64_t on_routed(const Message&, std::vector<protocol::Ref<Queue>>&, RouteRecord&, bool) override { return 0; }
  void on_memory_exhausted() override {}
  void accepted(std::uint64_t) override {}
  void refused(std::uint64_t) override {}
};

VirtualHost& require_virtual_host(Broker& broker, std::string_view name) {
  if (auto* const found = broker.find_virtual_host(name)) return *found;
  throw ControlError{ControlError::Kind::unknown, "there is no virtual host '" + std::string{name} + "'"};
}

Exchange& require_exchange(const VirtualHost& virtual_host, std::string_view name) {
  if (auto* const found = virtual_host.find_exchange(name)) return *found;
  throw ControlError{ControlError::Kind::unknown,
                     "there is no " + virtual_host.describe_exchange(name) + "; declare it first"};
}

Message make_message(Context& context, const TestMessage& message) {
  const Properties properties{message.properties};
  try {
    check_properties_size(properties, context.options().limits);
    check_delivery_mode(properties);
    const auto time_to_live = read_expiration(properties);
    const auto blind_copies = find_blind_copies(properties);
    const auto visible = blind_copies ? without_blind_copies(properties) : std::string{};
    const protocol::Content content{.properties = blind_copies ? Properties{visible} : properties,
                                    .body = message.body};
    return {message.exchange,
            message.routing_key,
            content,
            time_to_live,
            blind_copies ? blind_copies->bytes : std::string_view{},
            Message::dead_letters_max,
            context.next_message_number()};
  } catch (const ChannelError& error) {
    throw ControlError{ControlError::Kind::bad, std::string{error.text()}};
  }
}

void tell_published(Context& context, const VirtualHost& virtual_host, const Message& message) {
  if (!context.tells_messages()) return;
  std::string storage;
  context.journal().tell(event::MessagePublished{.message = message.number(),
                                                 .vhost = virtual_host.name(),
                                                 .exchange = message.exchange(),
                                                 .routing_key = message.routing_key(),
                                                 .properties = {message.properties(), storage},
                                                 .body = message.body()});
}

}  // namespace

TestMessage test_message_in(JsonObject& request, const protocol::Limits& limits) {
  TestMessage message;
  message.exchange = request.has("exchange") ? request.name("exchange") : "";
  message.routing_key = request.has("routing_key") || message.exchange.empty() ? request.name("routing_key") : "";
  auto properties = properties_in(request);
  const auto* const json = request.member("json");
  if (json != nullptr && request.has("body")) request.refuse("json", "is a body too; write either 'body' or 'json'");
  if (json != nullptr) {
    message.body = json->dump();
    if (!properties.contains("content_type")) properties["content_type"] = "application/json";
  } else {
    message.body = request.text("body");
  }
  if (message.body.size() > limits.body_max_bytes)
    request.refuse("body", "has more than " + std::to_string(limits.body_max_bytes) + " bytes, the broker's limit");
  message.properties = encoded_properties(properties, request, limits);
  return message;
}

Published publish(Broker& broker, std::string_view virtual_host, const TestMessage& test_message) {
  auto& context = broker.context();
  auto& to = require_virtual_host(broker, virtual_host);
  auto& exchange = require_exchange(to, test_message.exchange);
  if (context.memory().is_exhausted())
    throw ControlError{ControlError::Kind::conflict, "the broker's memory is exhausted; consume messages first"};
  const auto message = make_message(context, test_message);
  context.tell(&Observer::on_published, message);
  tell_published(context, to, message);
  Published published{.message = message.number()};
  auto& routing = to.route(exchange, message);
  if (routing.is_finished())
    for (const auto* queue : routing.queues()) published.queues.push_back(queue->name());
  NoOwner owner;
  auto rest = std::make_unique<WidePublish>(context, owner, to.keep_route(), false);
  rest->leave();
  context.backlog().carry_out(std::move(rest));
  return published;
}

}  // namespace pocketmq::broker
