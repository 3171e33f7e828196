#include "broker/kit/kit_request.hpp"

#include <nlohmann/json.hpp>

#include "broker/control/testbed.hpp"
#include "broker/core/json_object.hpp"
#include "broker/request/duration.hpp"

namespace pocketmq::broker::http {

unsigned status_of(ControlError::Kind kind) {
  switch (kind) {
    case ControlError::Kind::bad: return 400;
    case ControlError::Kind::unknown: return 404;
    case ControlError::Kind::conflict: return 409;
  }
  return 500;
}

HttpError http_error(const ControlError& error) { return {status_of(error.kind()), error.what()}; }

std::string scope_or_default(Testbed& testbed, JsonObject& body) { return scope_in(testbed, body).value_or("/"); }

std::optional<std::string> scope_in(Testbed& testbed, JsonObject& body) {
  const auto scope = body.optional_text("scope");
  if (scope) (void)testbed.scopes().require(*scope);
  return scope;
}

std::optional<std::string> scope_in_query(Testbed& testbed, const Request& request) {
  const auto scope = request.query_value("scope");
  if (!scope) return std::nullopt;
  return testbed.scopes().require(*scope).id;
}

std::optional<std::chrono::nanoseconds> duration_in_query(const Request& request, std::string_view name) {
  const auto text = request.query_value(name);
  if (!text) return std::nullopt;
  if (const auto duration = duration_of(*text)) return duration;
  throw HttpError{
      400, "'" + std::string{name} + "' wants a duration such as 200ms, 5s or 10m, got '" + std::string{*text} + "'"};
}

Response json_answer(const nlohmann::ordered_json& json, unsigned status) {
  // Names and bodies may be any bytes.
  return http::json(json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace), status);
}

}  // namespace pocketmq::broker::http
