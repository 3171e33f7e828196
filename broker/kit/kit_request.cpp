#include "broker/kit/kit_request.hpp"

#include <nlohmann/json.hpp>

#include "broker/control/testbed.hpp"
#include "broker/core/json_object.hpp"

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

std::string scope_or_default(Testbed& testbed, JsonObject& body) {
  const auto scope = body.optional_text("scope");
  return scope ? testbed.scopes().require(*scope).id : "/";
}

Response json_answer(const nlohmann::ordered_json& json, unsigned status) {
  // Names and bodies may be any bytes.
  return http::json(json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace), status);
}

}  // namespace pocketmq::broker::http
