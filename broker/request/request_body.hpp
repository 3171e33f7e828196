// Reads the JSON body of a request to the test kit.
#pragma once

#include <concepts>
#include <functional>
#include <string_view>
#include <type_traits>

#include <nlohmann/json_fwd.hpp>

#include "broker/core/json_object.hpp"
#include "broker/request/control_error.hpp"

namespace pocketmq::broker {

/// Calls `read` with the object, and returns what it returns. What is wrong with the object becomes a ControlError of
/// kind `bad`: also members that `read` has not read.
template <std::invocable<JsonObject&> Read>
auto read_object(const nlohmann::ordered_json& json, Read&& read) -> std::invoke_result_t<Read, JsonObject&> {
  try {
    JsonObject object{json, ""};
    auto result = std::invoke(std::forward<Read>(read), object);
    object.refuse_unread_keys();
    return result;
  } catch (const JsonObjectError& error) {
    throw ControlError{ControlError::Kind::bad, error.what()};
  }
}

/// The JSON of a body; `{}` if the body is empty. Throws ControlError of kind `bad`.
[[nodiscard]] nlohmann::ordered_json json_of_body(std::string_view body);

}  // namespace pocketmq::broker
