#include "broker/access/users.hpp"

#include <algorithm>

#include "broker/core/context.hpp"

namespace pocketmq::broker {

bool User::has_tag(std::string_view tag) const { return std::ranges::find(tags, tag) != tags.end(); }

bool User::may(Permission permission, std::string_view virtual_host, std::string_view resource, Budget* budget) const {
  const auto found = permissions.find(virtual_host);
  return found != permissions.end() && found->second.allow(permission, resource, budget);
}

PasswordHash hash_password(Context& context, std::string_view password) {
  return PasswordHash::of(password, context.unique_name("").substr(0, PasswordHash::salt_bytes));
}

void Users::put(User user) {
  auto shared = std::make_shared<const User>(std::move(user));
  users_.insert_or_assign(shared->name, shared);
}

bool Users::remove(std::string_view name) { return users_.erase(std::string{name}) > 0; }

void Users::forget_virtual_host(std::string_view name) {
  for (auto& [user_name, user] : users_) {
    if (!user->may_open(name)) continue;
    auto changed = *user;
    changed.permissions.erase(changed.permissions.find(name));
    user = std::make_shared<const User>(std::move(changed));
  }
}

std::shared_ptr<const User> Users::find(std::string_view name) const {
  const auto found = users_.find(std::string{name});
  return found == users_.end() ? nullptr : found->second;
}

Users::LogIn Users::log_in(const Credentials& credentials, bool guest_is_allowed) const {
  auto user = find(credentials.user);
  const auto& password = credentials.password;
  if (!user || (password && !(user->password && user->password->matches(*password))))
    return {.why_not = "is unknown, or the password is wrong"};
  if (user->name == guest_name && !guest_is_allowed)
    return {.why_not = "may log in from the broker's own machine only"};
  return {.user = std::move(user)};
}

}  // namespace pocketmq::broker
