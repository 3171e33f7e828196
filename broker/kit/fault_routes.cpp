// /test/faults, and /test/pause, /test/step and /test/resume
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "broker/control/fault_rule_json.hpp"
#include "broker/control/testbed.hpp"
#include "broker/http/query.hpp"
#include "broker/kit/kit_parts.hpp"
#include "broker/kit/kit_request.hpp"
#include "broker/request/request_body.hpp"
#include "protocol/base/whole_number.hpp"

namespace pocketmq::broker::http {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t steps_max = 10'000;

Response add_fault(Testbed& testbed, const Request& request) {
  auto rule = fault_rule_of(json_of_body(request.body));
  if (rule.scope) (void)testbed.scopes().require(*rule.scope);
  const auto id = testbed.faults().add(std::move(rule));
  return json_answer({{"id", id}, {"name", testbed.faults().report(id).name}}, 201);
}

Response list_faults(Testbed& testbed, const Request& request) {
  require_known_query(request, {"scope"});
  auto list = Json::array();
  for (const auto& fault : testbed.faults().reports(scope_in_query(testbed, request))) list.push_back(json_of(fault));
  return json_answer({{"faults", list}});
}

Response remove_faults(Testbed& testbed, const Request& request) {
  require_known_query(request, {"scope"});
  testbed.faults().remove_all(scope_in_query(testbed, request));
  return no_content();
}

std::uint64_t fault_id(const Request& request) {
  std::string text = request.parameter("id");
  if (const auto fault = protocol::fault_of_whole_number(text, 1, std::numeric_limits<std::int64_t>::max());
      !fault.empty())
    throw HttpError{400, "a fault's id " + fault + "; POST /test/faults gave it"};
  return std::stoull(text);
}

Json json_of(const std::vector<Pause::Waiting>& commands) {
  auto list = Json::array();
  for (const auto& [connection, channel, method] : commands)
    list.push_back({{"connection", connection}, {"channel", channel}, {"method", method}});
  return list;
}

Response pause(Testbed& testbed, const Request& request) {
  testbed.pause().pause(
      read_object(json_of_body(request.body), [&](JsonObject& body) { return scope_in(testbed, body); }));
  return json_answer({{"paused", true}, {"waiting", json_of(testbed.pause().waiting())}});
}

Response step(Testbed& testbed, const Request& request) {
  std::optional<std::uint64_t> connection;
  const auto count = read_object(json_of_body(request.body), [&](JsonObject& body) {
    connection = body.whole_number("connection", 1, std::numeric_limits<std::int64_t>::max());
    return body.whole_number("count", 1, steps_max).value_or(1);
  });
  const auto carried_out = testbed.pause().step(connection, count);
  return json_answer({{"carried_out", json_of(carried_out)}, {"waiting", json_of(testbed.pause().waiting())}});
}

Response resume(Testbed& testbed, const Request& request) {
  testbed.pause().resume(
      read_object(json_of_body(request.body), [&](JsonObject& body) { return scope_in(testbed, body); }));
  return json_answer({{"paused", testbed.pause().is_paused()}});
}

}  // namespace

void serve_faults(Router& router, Testbed& testbed) {
  router.post("/test/faults", refusing([&testbed](Request& request) { return add_fault(testbed, request); }));
  router.get("/test/faults", refusing([&testbed](Request& request) { return list_faults(testbed, request); }));
  router.remove("/test/faults", refusing([&testbed](Request& request) { return remove_faults(testbed, request); }));
  router.get("/test/faults/{id}", refusing([&testbed](Request& request) {
               return json_answer(json_of(testbed.faults().report(fault_id(request))));
             }));
  router.remove("/test/faults/{id}", refusing([&testbed](Request& request) {
                  testbed.faults().remove(fault_id(request));
                  return no_content();
                }));
}

void serve_pause(Router& router, Testbed& testbed) {
  router.get("/test/pause", [&testbed](Request&) {
    return json_answer({{"paused", testbed.pause().is_paused()}, {"waiting", json_of(testbed.pause().waiting())}});
  });
  router.post("/test/pause", refusing([&testbed](Request& request) { return pause(testbed, request); }));
  router.post("/test/step", refusing([&testbed](Request& request) { return step(testbed, request); }));
  router.post("/test/resume", refusing([&testbed](Request& request) { return resume(testbed, request); }));
}

}  // namespace pocketmq::broker::http
