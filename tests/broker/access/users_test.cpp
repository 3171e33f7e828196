// The registry of users: log-in, tags, and what each may do where.
#include "broker/access/users.hpp"

#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

using broker::PasswordHash;
using broker::Pattern;
using broker::Permission;
using broker::User;
using broker::Users;

constexpr bool near = true, far = false;

User alice() {
  return {.name = "alice", .password = PasswordHash::of("secret", "salt"), .tags = {"monitoring", "impersonator"}};
}

}  // namespace

TEST_CASE("a user logs in with the right password") {
  Users users;
  users.put(alice());
  const auto [user, why_not] = users.log_in({.user = "alice", .password = "secret"}, far);
  REQUIRE(user);
  CHECK(user->name == "alice");
  CHECK(why_not.empty());
}

TEST_CASE("a wrong password and an unknown user are told alike") {
  Users users;
  users.put(alice());
  for (const auto& credentials : {broker::Credentials{"alice", "wrong"}, broker::Credentials{"bob", "secret"}}) {
    const auto [user, why_not] = users.log_in(credentials, near);
    CHECK(user == nullptr);
    CHECK(why_not == "is unknown, or the password is wrong");
  }
}

TEST_CASE("a user without a password logs in only where the connection has proved who it is") {
  Users users;
  users.put({.name = "alice"});
  CHECK(users.log_in({.user = "alice", .password = ""}, near).user == nullptr);
  CHECK(users.log_in({.user = "alice", .password = std::nullopt}, near).user != nullptr);
  CHECK(users.log_in({.user = "bob", .password = std::nullopt}, near).user == nullptr);
}

TEST_CASE("guest logs in from near only") {
  Users users;
  users.put({.name = "guest", .password = PasswordHash::of("guest", "salt")});
  CHECK(users.log_in({.user = "guest", .password = "guest"}, near).user != nullptr);
  CHECK(users.log_in({.user = "guest", .password = "guest"}, far).why_not
        == "may log in from the broker's own machine only");
  CHECK(users.log_in({.user = "guest", .password = "wrong"}, far).why_not == "is unknown, or the password is wrong");
}

TEST_CASE("who has logged in stays what he was when the user is replaced") {
  Users users;
  users.put(alice());
  const auto before = users.find("alice");
  users.put({.name = "alice"});
  CHECK(before->has_tag("monitoring"));
  CHECK_FALSE(users.find("alice")->has_tag("monitoring"));
}

TEST_CASE("tags are kept") {
  CHECK(alice().has_tag("impersonator"));
  CHECK_FALSE(alice().has_tag("administrator"));
}

TEST_CASE("each permission is asked of its own pattern in its own virtual host") {
  auto user = alice();
  user.permissions.emplace("shop", broker::Permissions{Pattern{"^c"}, Pattern{"^w"}, Pattern{"^r"}});
  user.permissions.emplace("bank", broker::Permissions{});
  CHECK(user.may(Permission::configure, "shop", "cq"));
  CHECK(user.may(Permission::write, "shop", "wq"));
  CHECK(user.may(Permission::read, "shop", "rq"));
  CHECK_FALSE(user.may(Permission::configure, "shop", "wq"));
  CHECK_FALSE(user.may(Permission::write, "shop", "rq"));
  CHECK_FALSE(user.may(Permission::read, "shop", "cq"));
  CHECK(user.may(Permission::read, "bank", "anything"));
  CHECK_FALSE(user.may(Permission::read, "/", "anything"));
}

TEST_CASE("a user may enter where it has permissions if only empty ones") {
  auto user = alice();
  const auto none = broker::permission_pattern("");
  user.permissions.emplace("shop", broker::Permissions{none, none, none});
  CHECK(user.may_open("shop"));
  CHECK_FALSE(user.may_open("bank"));
  for (const auto permission : {Permission::configure, Permission::write, Permission::read})
    CHECK_FALSE(user.may(permission, "shop", "q"));
}

}  // namespace pocketmq::tests
