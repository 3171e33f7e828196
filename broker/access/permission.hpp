// What a user may do in one virtual host, asked before every verb.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "broker/access/pattern.hpp"

namespace pocketmq::broker {

/// RabbitMQ's three permissions on a resource (a queue or an exchange) of a virtual host.
enum class Permission : std::uint8_t { configure, write, read };

/// A pattern of a permission. The empty text stands for no resource at all. Throws PatternError.
[[nodiscard]] Pattern permission_pattern(std::string text);

/// For each permission, the names of the resources that it is given for.
struct Permissions {
  Pattern configure{".*"};
  Pattern write{".*"};
  Pattern read{".*"};

  /// The search draws on the budget, if one is given.
  [[nodiscard]] bool allow(Permission permission, std::string_view resource, Budget* budget = nullptr) const;
};

}  // namespace pocketmq::broker
