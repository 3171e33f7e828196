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

/// Returns the credentials of the request; nothing if there is no Authorization, or if it is not Basic or cannot be
/// read.
[[nodiscard]] std::optional<BasicCredentials> basic_credentials(const Request& request);

/// 401, with which a browser asks for a user and a password.
[[nodiscard]] Response unauthorized(std::string_view realm, std::string_view reason);

/// Checks credentials. Returns nothing to accept them, or the response that refuses them, often `unauthorized(realm,
/// "Login failed")`. It may store what it knows about the user in the request.
using CredentialCheck = std::function<std::optional<Response>(const BasicCredentials&, Request&)>;

/// A guard that asks for credentials and calls `check`. If they are accepted, `request.user` is the user. The realm
/// must not contain quotes.
[[nodiscard]] Guard basic_auth(std::string_view realm, CredentialCheck check);

}  // namespace pocketmq::broker::http
