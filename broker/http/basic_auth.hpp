// Users and passwords in requests (RFC 7617).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "broker/http/router.hpp"

namespace pocketmq::broker::http {

struct BasicCredentials {
  std::string user;
  std::string password;
};

/// What the request has of them; nothing if there is no Authorization, or one that is not Basic or cannot be read.
[[nodiscard]] std::optional<BasicCredentials> basic_credentials(const Request& request);

/// 401, which has a browser ask for a user and a password.
[[nodiscard]] Response unauthorized(std::string_view realm, std::string_view reason);

/// Who finds out whether these may come in: with nothing they may, else with what they are answered. It may take
/// what it knows of them into the request. Often `unauthorized(realm, "Login failed")`.
using CredentialCheck = std::function<std::optional<Response>(const BasicCredentials&, Request&)>;

/// A guard that asks for credentials and has them checked. Then `request.user` is the user. The realm must not have
/// quotes.
[[nodiscard]] Guard basic_auth(std::string_view realm, CredentialCheck check);

}  // namespace pocketmq::broker::http
