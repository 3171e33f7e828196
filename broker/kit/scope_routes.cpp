// /test/scopes
#include <chrono>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "broker/control/testbed.hpp"
#include "broker/http/query.hpp"
#include "broker/kit/kit_parts.hpp"
#include "broker/kit/kit_request.hpp"
#include "broker/request/request_body.hpp"

namespace pocketmq::broker::http {
namespace {

using Json = nlohmann::ordered_json;

// The host and the port by which the caller reaches the broker's own port.
std::string host_and_port(const Request& request, const KitSettings& settings) {
  std::string host{request.header("Host").value_or("")};
  if (host.empty()) return settings.amqp_host_and_port;
  const auto port = host.find(':', host.front() == '[' ? host.find(']') : 0);
  if (port == std::string::npos) host += ":80";  // HTTP's own, which is not AMQP's
  const bool is_http_alone = settings.http_port != 0 && host.ends_with(":" + std::to_string(settings.http_port));
  return is_http_alone ? settings.amqp_host_and_port : host;
}

Json json_of(const Scope& scope, const std::string& host_and_port) {
  const auto url = scope.id + ":" + scope.id + "@" + host_and_port + "/" + scope.id;
  return {{"id", scope.id},
          {"name", scope.name},
          {"vhost", scope.id},
          {"user", scope.id},
          {"password", scope.id},
          {"amqp", "amqp://" + url},
          {"json", "amqp+json://" + url},
          {"first_event", scope.first_event}};
}

Response add_scope(Testbed& testbed, const Request& request, const KitSettings& settings) {
  Allowance allowance;
  const auto name = read_object(json_of_body(request.body), [&](JsonObject& body) {
    if (const auto* const allow = body.member("allow")) allowance = allowance_of(*allow);
    return body.optional_text("name").value_or("test");
  });
  const auto& scope = testbed.scopes().add(name, std::move(allowance));
  return json_answer(json_of(scope, host_and_port(request, settings)), 201);
}

Response list_scopes(Testbed& testbed, const Request& request, const KitSettings& settings) {
  auto list = Json::array();
  for (const auto& [id, scope] : testbed.scopes().all())
    list.push_back(json_of(scope, host_and_port(request, settings)));
  return json_answer({{"scopes", list}});
}

constexpr std::chrono::seconds within_default{1};

void end_scope(Testbed& testbed, const Request& request, Responder responder) {
  require_known_query(request, {"within"});
  const auto within = duration_in_query(request, "within").value_or(within_default);
  testbed.end_scope(request.parameter("id"), within,
                    [responder = shared(std::move(responder))](const ScopeReport& report) {
                      responder->send(json_answer(json_of(report)));
                    });
}

}  // namespace

void serve_scopes(Router& router, Testbed& testbed, const KitSettings& settings) {
  router.post("/test/scopes",
              refusing([&testbed, settings](Request& request) { return add_scope(testbed, request, settings); }));
  router.get("/test/scopes/{id}", refusing([&testbed](Request& request) {
               return json_answer(json_of(testbed.report(request.parameter("id"))));
             }));
  router.remove("/test/scopes/{id}", refusing([&testbed](Request& request, Responder responder) {
                  end_scope(testbed, request, std::move(responder));
                }));
  router.get("/test/scopes",
             refusing([&testbed, settings](Request& request) { return list_scopes(testbed, request, settings); }));
}

}  // namespace pocketmq::broker::http
