#include "broker/request/request_body.hpp"

#include <nlohmann/json.hpp>

namespace pocketmq::broker {

nlohmann::ordered_json json_of_body(std::string_view body) {
  if (body.empty()) return nlohmann::ordered_json::object();
  try {
    return parse_json_text(body);
  } catch (const JsonObjectError& error) {
    throw ControlError{ControlError::Kind::bad, "the body is no JSON: " + std::string{error.what()}};
  }
}

}  // namespace pocketmq::broker
