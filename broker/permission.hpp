// Who may do what: asked before every verb.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pocketmq::broker {

/// RabbitMQ's three permissions on a resource (a queue or an exchange) of a virtual host.
enum class Permission : std::uint8_t { configure, write, read };

/// The name of a permission, as texts say it.
[[nodiscard]] std::string_view name_of(Permission permission);

/// A user who has logged in.
struct User {
  std::string name;
};

/// Whether that is a user's password. The one user is guest, as RabbitMQ comes, from the same machine only.
[[nodiscard]] bool may_log_in(std::string_view user, std::string_view password, bool from_loopback);

/// Whether the user has that permission on that resource. A user may do everything.
[[nodiscard]] bool may(const User& user, Permission permission, std::string_view virtual_host,
                       std::string_view resource);

}  // namespace pocketmq::broker
