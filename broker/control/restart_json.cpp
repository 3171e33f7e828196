#include "broker/control/restart_json.hpp"

#include <nlohmann/json.hpp>

#include "broker/request/duration.hpp"
#include "broker/request/request_body.hpp"

namespace pocketmq::broker {
namespace {

nlohmann::ordered_json json_of(const Restart::Content& content) {
  return {{"queues", content.queues},
          {"exchanges", content.exchanges},
          {"bindings", content.bindings},
          {"messages", content.messages}};
}

}  // namespace

Restart::Request restart_request_of(const nlohmann::ordered_json& json) {
  return read_object(json, [](JsonObject& body) {
    Restart::Request request{.virtual_host = body.optional_text("scope").value_or("")};
    if (body.boolean("lose", false)) request.loses = Restart::Loses::everything;
    if (const auto down = duration_in(body, "down")) request.down = std::chrono::ceil<std::chrono::milliseconds>(*down);
    return request;
  });
}

nlohmann::ordered_json json_of(const Restart::Result& result) {
  return {{"kept", json_of(result.kept)}, {"lost", json_of(result.lost)}};
}

}  // namespace pocketmq::broker
