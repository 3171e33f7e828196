// /test/explain, /test/recording and /test/compare
#include <string>

#include <nlohmann/json.hpp>

#include "broker/compare/comparison.hpp"
#include "broker/compare/normalized_recording.hpp"
#include "broker/control/testbed.hpp"
#include "broker/explain/explain_json.hpp"
#include "broker/http/query.hpp"
#include "broker/journal/ndjson.hpp"
#include "broker/kit/kit_parts.hpp"
#include "broker/kit/kit_request.hpp"
#include "broker/request/request_body.hpp"
#include "broker/session/broker.hpp"

namespace pocketmq::broker::http {
namespace {

using Json = nlohmann::ordered_json;

Response explain_route(Testbed& testbed, const Request& request) {
  std::string virtual_host;
  const auto wanted = read_object(json_of_body(request.body), [&](JsonObject& body) {
    virtual_host = scope_or_default(testbed, body);
    return explain_request_in(body);
  });
  auto& broker = testbed.broker();
  return json_answer(json_of(explain(*broker.find_virtual_host(virtual_host), wanted, broker.context().budget())));
}

// What the journal still has of the scope; of all scopes if it is empty.
std::string recording_of(Testbed& testbed, const std::string& scope) {
  auto& journal = testbed.broker().journal();
  const auto from = scope.empty() ? journal.first_number() : testbed.scopes().require(scope).first_event;
  std::string ndjson;
  (void)journal.read(from, RecordingLimits::lines_max, [&](const Entry& entry) { append_ndjson(entry, ndjson); });
  return normalized_recording(ndjson, scope);
}

Response recording(Testbed& testbed, const Request& request) {
  require_known_query(request, {"scope"});
  Response response{{.content_type = "application/x-ndjson", .headers = {{"Cache-Control", "no-store"}}}};
  response.body = recording_of(testbed, scope_in_query(testbed, request).value_or(""));
  return response;
}

Response compare_with_golden(Testbed& testbed, const Request& request) {
  std::string scope;
  const auto golden = read_object(json_of_body(request.body), [&](JsonObject& body) {
    scope = scope_in(testbed, body).value_or("");
    return body.text("golden");
  });
  const auto comparison = compare(golden, recording_of(testbed, scope));
  if (comparison.is_equal()) return json_answer({{"ok", true}});
  auto differences = Json::array();
  for (const auto& [line, text] : comparison.differences)
    differences.push_back({{"golden_line", line}, {"text", text}});
  return json_answer({{"error", "differs"},
                      {"reason", text_of(comparison)},
                      {"differences", differences},
                      {"left_out", comparison.left_out}},
                     409);
}

}  // namespace

void serve_looks(Router& router, Testbed& testbed) {
  router.post("/test/explain", refusing([&testbed](Request& request) { return explain_route(testbed, request); }));
  router.get("/test/recording", refusing([&testbed](Request& request) { return recording(testbed, request); }));
  router.post("/test/compare",
              refusing([&testbed](Request& request) { return compare_with_golden(testbed, request); }));
}

}  // namespace pocketmq::broker::http
