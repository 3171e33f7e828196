#include "client/values/rpc_error.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

namespace pocketmq::client {
namespace {

constexpr std::array<std::string_view, 16> names{
    "cancelled",      "unknown",           "invalid_argument",   "deadline_exceeded",   "not_found",
    "already_exists", "permission_denied", "resource_exhausted", "failed_precondition", "aborted",
    "out_of_range",   "unimplemented",     "internal",           "unavailable",         "data_loss",
    "unauthenticated"};
static_assert(names[static_cast<std::size_t>(RpcCode::unauthenticated)] == "unauthenticated");

std::string full_text(RpcCode code, std::string_view message, std::string_view reason) {
  std::string text{name_of(code)};
  if (!reason.empty()) text.append(" (").append(reason).append(")");
  return text.append(": ").append(message);
}

}  // namespace

std::string_view name_of(RpcCode code) { return names[static_cast<std::size_t>(code)]; }

RpcCode rpc_code(std::string_view name) {
  const auto found = std::ranges::find(names, name);
  return found == names.end() ? RpcCode::unknown : static_cast<RpcCode>(found - names.begin());
}

RpcError::RpcError(RpcCode code, std::string message, std::string_view reason)
    : std::runtime_error{full_text(code, message, reason)},
      code_{code},
      message_{std::move(message)},
      reason_{reason} {}

std::string to_body(const RpcError& error) {
  const nlohmann::ordered_json body{{"code", name_of(error.code())}, {"message", error.message()}};
  // A message may quote bytes that are no UTF-8.
  return body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

RpcError error_from_body(std::string_view body) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  const auto text = [&](const char* name) -> std::string {
    if (!json.is_object()) return {};
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string{};
  };
  const auto code = text("code");
  if (code.empty()) return {RpcCode::internal, "an error reply without a code"};
  return {rpc_code(code), text("message")};
}

}  // namespace pocketmq::client
