// Several virtual hosts in one broker: who may enter which, and that they do not see each other.
#include "broker/session/broker.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {

TEST_CASE("the same name is another queue in another virtual host") {
  World world{{.options = {.virtual_hosts = {"shop"}}}};
  auto in_shop = world.connect({.virtual_host = "shop"}), in_root = world.connect();
  in_shop.declares("q").publishes("q", "shop's");
  in_root.declares("q").gets_nothing("q").deletes("q");
  in_shop.gets("q", "shop's");
  in_root.sends(basic::Get{.queue = "q"})
      .channel_is_closed(ReplyCode::not_found, "NOT_FOUND - no queue 'q' in vhost '/'");
}

TEST_CASE("texts name the virtual host") {
  World world{{.options = {.virtual_hosts = {"shop"}}}};
  world.connect({.virtual_host = "shop"})
      .sends(basic::Get{.queue = "q"})
      .channel_is_closed(ReplyCode::not_found, "NOT_FOUND - no queue 'q' in vhost 'shop'");
}

TEST_CASE("a user without permissions there may not enter a virtual host") {
  World world{{.options = {.virtual_hosts = {"shop"}}}};
  world.broker().users().put({.name = "alice", .password = broker::PasswordHash::of("secret", "salt")});
  const Login login{.user = "alice", .password = "secret", .virtual_host = "shop"};
  world.arrive(login).shakes_hands(login).connection_is_closed(
      ReplyCode::not_allowed, "NOT_ALLOWED - access to vhost 'shop' refused for user 'alice'");
}

TEST_CASE("a missing virtual host is missing for a user without permissions too") {
  World world;
  world.broker().users().put({.name = "alice", .password = broker::PasswordHash::of("secret", "salt")});
  const Login login{.user = "alice", .password = "secret", .virtual_host = "nope"};
  world.arrive(login).shakes_hands(login).connection_is_closed(ReplyCode::not_allowed,
                                                               "NOT_ALLOWED - vhost nope not found");
}

TEST_CASE("exclusive queues go with their connection in any virtual host") {
  World world{{.options = {.virtual_hosts = {"shop"}}}};
  auto alice = world.connect({.virtual_host = "shop"});
  alice.declares({.queue = "q", .exclusive = true});
  auto& shop = *world.broker().find_virtual_host("shop");
  CHECK(shop.queue_count() == 1);
  alice.vanishes();
  CHECK(shop.queue_count() == 0);
}

TEST_CASE("a virtual host is made once") {
  World world{Encoding::json};
  auto& shop = world.broker().add_virtual_host("shop");
  CHECK(shop.name() == "shop");
  CHECK(&world.broker().add_virtual_host("shop") == &shop);
  CHECK(world.broker().find_virtual_host("shop") == &shop);
  CHECK(world.broker().find_virtual_host("sho") == nullptr);
}

}  // namespace pocketmq::tests
