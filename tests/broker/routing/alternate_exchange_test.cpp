// Alternate exchanges: where a message goes that its exchange knows no way for.
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

// A direct exchange with that alternate.
void declare_with_alternate(const Client& client, std::string_view exchange, std::string_view alternate,
                            At at = At::current()) {
  protocol::FieldTableWriter arguments;
  arguments.string("alternate-exchange", alternate);
  client.declares_exchange({.exchange = exchange, .type = "direct", .arguments = arguments.table()}, at);
}

constexpr std::string_view key = "k";

}  // namespace

TEST_CASE("an alternate exchange takes what knows no other way") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares("rest").declares_exchange("alternate", "fanout");
  declare_with_alternate(alice, "e", "alternate");
  alice.binds("q", "e", key).binds("rest", "alternate");
  alice.publishes_to("e", key, "1").publishes_to("e", "other", "2");
  alice.gets("q", message("1").leaving(0)).gets("rest", message("2").leaving(0));
}

TEST_CASE("what came through an alternate exchange keeps the names it was published with") {
  World world;
  auto alice = world.connect();
  alice.declares("rest").declares_exchange("alternate", "fanout").binds("rest", "alternate");
  declare_with_alternate(alice, "e", "alternate");
  alice.publishes_to("e", key, "m").sends(basic::Get{.queue = "rest"});
  const auto answer = alice.answer<basic::GetOk>();
  const auto& got = std::get<basic::GetOk>(answer.method);
  CHECK(got.exchange == "e");
  CHECK(got.routing_key == key);
}

TEST_CASE("a mandatory message is returned only where no alternate takes it") {
  World world;
  auto alice = world.connect();
  declare_with_alternate(alice, "e", "alternate");
  const Publication mandatory{.body = "m", .exchange = "e", .mandatory = true};
  alice.publishes(key, mandatory).is_returned("m");  // the alternate is not there yet
  alice.declares_exchange("alternate", "fanout").publishes(key, mandatory).is_returned("m");
  alice.declares("rest").binds("rest", "alternate").publishes(key, mandatory).receives_nothing().gets("rest", "m");
  alice.deletes_exchange("alternate").publishes(key, mandatory).is_returned("m");
}

TEST_CASE("alternate exchanges may have alternates") {
  World world;
  auto alice = world.connect();
  declare_with_alternate(alice, "1", "2");
  declare_with_alternate(alice, "2", "3");
  alice.declares("second").declares("third").declares_exchange("3", "fanout");
  alice.binds("second", "2", "b").binds("third", "3");
  alice.publishes_to("1", "b", "m").gets("second", "m").gets_nothing("third");
  alice.publishes_to("1", "c", "n").gets("third", "n").gets_nothing("second");
}

TEST_CASE("a circle of alternates ends nowhere") {
  World world;
  auto alice = world.connect();
  declare_with_alternate(alice, "1", "2");
  declare_with_alternate(alice, "2", "1");
  declare_with_alternate(alice, "3", "3");
  alice.publishes(key, {.body = "m", .exchange = "1", .mandatory = true}).is_returned("m");
  alice.publishes(key, {.body = "m", .exchange = "3", .mandatory = true}).is_returned("m");
}

TEST_CASE("a binding that leads to a dead end is a way") {
  World world;
  auto alice = world.connect();
  alice.declares("rest").declares_exchange("alternate", "fanout").binds("rest", "alternate");
  alice.declares_exchange("dead end", "direct");
  declare_with_alternate(alice, "e", "alternate");
  alice.binds_exchange("dead end", "e", key);
  alice.publishes(key, {.body = "m", .exchange = "e", .mandatory = true}).is_returned("m").gets_nothing("rest");
}

TEST_CASE("an exchange that a message reaches by a binding uses its alternate too") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares("rest").declares_exchange("first", "fanout").declares_exchange("alternate", "fanout");
  declare_with_alternate(alice, "second", "alternate");
  alice.binds_exchange("second", "first").binds("q", "first").binds("rest", "alternate");
  alice.publishes_to("first", key, "m").gets("q", message("m").leaving(0)).gets("rest", message("m").leaving(0));
}

TEST_CASE("an internal exchange may be an alternate and the default exchange is none") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares_exchange({.exchange = "inner", .type = "fanout", .internal = true}).binds("q", "inner");
  declare_with_alternate(alice, "1", "inner");
  declare_with_alternate(alice, "2", "");
  alice.publishes_to("1", key, "m").gets("q", "m");
  alice.publishes("q", {.body = "m", .exchange = "2", .mandatory = true}).is_returned("m").gets_nothing("q");
}

}  // namespace pocketmq::tests
