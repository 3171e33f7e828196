// The broker's registry of users: who may log in, and what each may do in which virtual host.
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
  std::optional<PasswordHash> password{};  // without one, no password is right
  std::vector<std::string> tags{};
  std::map<std::string, Permissions, std::less<>> permissions{};  // by virtual host

  [[nodiscard]] bool has_tag(std::string_view tag) const;
  /// Whether the user may open that virtual host: one where it has permissions, if only empty ones.
  [[nodiscard]] bool may_enter(std::string_view virtual_host) const { return permissions.contains(virtual_host); }
  /// `resource` is the name of a queue or of an exchange. The search draws on the budget, if one is given.
  [[nodiscard]] bool may(Permission permission, std::string_view virtual_host, std::string_view resource,
                         Budget* budget = nullptr) const;
};

class Context;

/// The hash of the password with a salt of its own.
[[nodiscard]] PasswordHash hash_password(Context& context, std::string_view password);

class Users {
 public:
  /// A user that is there already is replaced; who has logged in stays what he was.
  void put(User user);
  /// Null if there is none.
  [[nodiscard]] std::shared_ptr<const User> find(std::string_view name) const;

  struct LogIn {
    std::shared_ptr<const User> user{};  // null if refused
    std::string_view why_not{};          // "is unknown, or the password is wrong"
  };
  [[nodiscard]] LogIn log_in(const Credentials& credentials, bool guest_may_come_from_there) const;

 private:
  std::unordered_map<std::string, std::shared_ptr<const User>> users_;
};

}  // namespace pocketmq::broker
