// The broker's users: who may log in, and what each user may do in each virtual host.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/access/password_hash.hpp"
#include "broker/access/permission.hpp"
#include "broker/access/sasl.hpp"

namespace pocketmq::broker {

inline constexpr std::string_view guest_name = "guest";

struct User {
  std::string name;
  std::optional<PasswordHash> password{};  // without one, the user cannot log in with a password
  std::vector<std::string> tags{};
  std::map<std::string, Permissions, std::less<>> permissions{};  // by virtual host

  [[nodiscard]] bool has_tag(std::string_view tag) const;
  /// Whether the user may open that virtual host. A user may if it has permissions there, even if these match no
  /// resource.
  [[nodiscard]] bool may_open(std::string_view virtual_host) const { return permissions.contains(virtual_host); }
  /// `resource` is the name of a queue or an exchange. The search is charged to the budget, if one is given.
  [[nodiscard]] bool may(Permission permission, std::string_view virtual_host, std::string_view resource,
                         Budget* budget = nullptr) const;
};

class Context;

/// Hashes the password with a new salt.
[[nodiscard]] PasswordHash hash_password(Context& context, std::string_view password);

class Users {
 public:
  /// Adds the user, or replaces the one with the same name. Sessions that have logged in keep the old one.
  void put(User user);
  /// Removes the user. Returns whether there was one. Sessions that have logged in keep it.
  bool remove(std::string_view name);
  /// Removes all users' permissions for that virtual host.
  void forget_virtual_host(std::string_view name);
  /// Null if there is none.
  [[nodiscard]] std::shared_ptr<const User> find(std::string_view name) const;

  struct LogIn {
    std::shared_ptr<const User> user{};  // null if refused
    std::string_view why_not{};          // "is unknown, or the password is wrong"
  };
  [[nodiscard]] LogIn log_in(const Credentials& credentials, bool guest_is_allowed) const;

 private:
  std::unordered_map<std::string, std::shared_ptr<const User>> users_;
};

}  // namespace pocketmq::broker
