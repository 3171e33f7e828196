#include "broker/http/basic_auth.hpp"

#include <utility>

#include "protocol/base/base64.hpp"

namespace pocketmq::broker::http {

std::optional<BasicCredentials> basic_credentials(const Request& request) {
  constexpr std::string_view scheme = "Basic ";
  const auto authorization = request.header("Authorization");
  if (!authorization || !same_ignoring_case(authorization->substr(0, scheme.size()), scheme)) return std::nullopt;
  auto text = authorization->substr(scheme.size());
  while (text.starts_with(' ')) text.remove_prefix(1);
  std::string decoded;
  if (!protocol::append_from_base64(text, decoded)) return std::nullopt;
  const auto colon = decoded.find(':');
  if (colon == decoded.npos) return std::nullopt;
  return BasicCredentials{.user = decoded.substr(0, colon), .password = decoded.substr(colon + 1)};
}

Response unauthorized(std::string_view realm, std::string_view reason) {
  auto response = error(401, reason);
  response.headers.push_back({"WWW-Authenticate", "Basic realm=\"" + std::string{realm} + "\""});
  return response;
}

Guard basic_auth(std::string_view realm, CredentialCheck check) {
  return [realm = std::string{realm}, check = std::move(check)](Request& request) -> std::optional<Response> {
    const auto credentials = basic_credentials(request);
    if (!credentials)
      return unauthorized(realm, request.header("Authorization")
                                     ? "the Authorization cannot be read; send 'Basic ' and base64 of 'user:password'"
                                     : "this wants a user and a password; send them as 'Authorization: Basic ...'");
    if (auto refused = check(*credentials, request)) return refused;
    request.user = credentials->user;
    return std::nullopt;
  };
}

}  // namespace pocketmq::broker::http
