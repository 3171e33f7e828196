// What the routes of the test kit have in common: JSON in, JSON out, and refusals.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <nlohmann/json_fwd.hpp>

#include "broker/http/router.hpp"
#include "broker/request/control_error.hpp"

namespace pocketmq::broker {

class JsonObject;
class Testbed;

}  // namespace pocketmq::broker

namespace pocketmq::broker::http {

/// 400 for `bad`, 404 for `unknown`, 409 for `conflict`.
[[nodiscard]] unsigned status_of(ControlError::Kind kind);
/// The same error as an answer.
[[nodiscard]] HttpError http_error(const ControlError& error);

/// A handler that turns a ControlError into its answer.
template <class F> auto refusing(F handler) {
  if constexpr (std::is_invocable_v<F, Request&, Responder>) {
    return LateHandler{[handler = std::move(handler)](Request& request, Responder responder) {
      try {
        handler(request, std::move(responder));
      } catch (const ControlError& error) {
        throw http_error(error);
      }
    }};
  } else {
    return Handler{[handler = std::move(handler)](Request& request) -> Response {
      try {
        return handler(request);
      } catch (const ControlError& error) {
        throw http_error(error);
      }
    }};
  }
}

/// The scope that a request names, which is also its virtual host; "/" if it names none. Throws ControlError of kind
/// `unknown` if there is no such scope.
[[nodiscard]] std::string scope_or_default(Testbed& testbed, JsonObject& body);

/// The duration with that name in the query; nothing if it is not there. Throws HttpError 400.
[[nodiscard]] std::optional<std::chrono::nanoseconds> duration_in_query(const Request& request, std::string_view name);

/// The scope that the query names; nothing if it names none. Throws ControlError of kind `unknown` if there is no such
/// scope.
[[nodiscard]] std::optional<std::string> scope_in_query(Testbed& testbed, const Request& request);
/// The same for a body.
[[nodiscard]] std::optional<std::string> scope_in(Testbed& testbed, JsonObject& body);

/// For functions that are copied, such as a std::function.
[[nodiscard]] inline std::shared_ptr<Responder> shared(Responder responder) {
  return std::make_shared<Responder>(std::move(responder));
}

/// The answer with this JSON.
[[nodiscard]] Response json_answer(const nlohmann::ordered_json& json, unsigned status = 200);

}  // namespace pocketmq::broker::http
