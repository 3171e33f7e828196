// What a user may do in one virtual host. The broker checks it before each method.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "broker/access/pattern.hpp"

namespace pocketmq::broker {

/// RabbitMQ's three permissions on a resource (a queue or an exchange) of a virtual host.
enum class Permission : std::uint8_t { configure, write, read };

/// The pattern of a permission. An empty text matches no resource. Throws PatternError.
[[nodiscard]] Pattern permission_pattern(std::string text);

/// For each permission, a pattern of the resources' names for which the user has it.
struct Permissions {
  Pattern configure{".*"};
  Pattern write{".*"};
  Pattern read{".*"};

  /// The search is charged to the budget, if one is given.
  [[nodiscard]] bool allow(Permission permission, std::string_view resource, Budget* budget = nullptr) const;
};

}  // namespace pocketmq::broker
