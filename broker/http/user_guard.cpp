#include "broker/http/user_guard.hpp"

#include <optional>
#include <string>

#include "broker/http/basic_auth.hpp"
#include "broker/session/broker.hpp"

namespace pocketmq::broker::http {
namespace {

constexpr std::string_view realm = "PocketMQ";

Response too_many_failures(const std::string& source) {
  auto response =
      error(429, "very many log-ins from " + source + " have failed; try again later, with the right password");
  response.headers.push_back({"Retry-After", std::to_string(LoginThrottle::window.count())});
  return response;
}

std::optional<Response> check(Broker& broker, const BasicCredentials& credentials, const Request& request) {
  auto& context = broker.context();
  const auto& caller = request.caller;
  if (broker.login_throttle().must_wait(caller.source, context.clock().real_now()))
    return too_many_failures(caller.source);
  const bool guest_is_allowed = caller.from_loopback || context.options().guest_from_anywhere;
  const auto [user, why_not] =
      broker.users().log_in({.user = credentials.user, .password = credentials.password}, guest_is_allowed);
  if (!user) {
    broker.login_throttle().count_failure(caller.source, context.clock().real_now());
    return unauthorized(realm, "user '" + credentials.user + "' " + std::string{why_not});
  }
  if (user->has_tag("administrator") || user->has_tag("monitoring")) return std::nullopt;
  return error(403, "user '" + credentials.user
                        + "' may not see this; it is for users with the tag 'monitoring' or 'administrator'");
}

}  // namespace

Guard monitoring_users(Broker& broker) {
  return basic_auth(realm, [&broker](const BasicCredentials& credentials, Request& request) {
    return check(broker, credentials, request);
  });
}

}  // namespace pocketmq::broker::http
