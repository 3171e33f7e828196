// Deleted exchanges and queues with very many bindings, and connections with very many exclusive queues: they go a
// slice a turn, and what clients see is that they are gone.

#include "broker/vhost/deferred_deletions.hpp"

#include "broker/session/broker.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

constexpr int very_many_deleted = 12'000;   // more than two slices
constexpr std::string_view last_key = "0";  // of the binding that goes last

broker::VirtualHost& host(World& world) { return *world.broker().find_virtual_host("/"); }

std::size_t bindings(World& world) { return host(world).binding_count(); }

// With the keys "0", "1", ...
void bind_very_many(World& world, std::string_view exchange, broker::Destination& destination) {
  auto& source = host(world).require_exchange(exchange);
  for (int key = 0; key < very_many_deleted; ++key) host(world).bind(source, destination, std::to_string(key), {});
}

broker::Queue& queue_in(World& world, std::string_view name) { return host(world).require_queue(name); }
broker::Exchange& exchange_in(World& world, std::string_view name) { return host(world).require_exchange(name); }

// Exclusive queues "0", "1", ..., each bound to amq.fanout.
void declare_very_many(World& world, const Client& owner) {
  for (int i = 0; i < very_many_deleted; ++i) {
    auto& queue = host(world).declare_queue({.name = std::to_string(i), .owner = owner.session().number()});
    owner.session().own(queue);
    host(world).bind(exchange_in(world, "amq.fanout"), queue, "", {});
  }
}

const std::string first_queue = "0";
const std::string last_queue = std::to_string(very_many_deleted - 1);

void use_is_refused(const Client& client, const std::string& queue, At at = At::current()) {
  client.sends(queue::Declare{.queue = queue})
      .channel_is_closed(ReplyCode::resource_locked,
                         "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '" + queue
                             + "' in vhost '/'. It could be originally declared on another connection or the exclusive "
                               "property value does not match that of the original declaration.",
                         at)
      .sends(channel::Open{})
      .is_answered(channel::OpenOk{}, at);
}

Publication mandatory(std::string_view exchange) { return {.body = "m", .exchange = exchange, .mandatory = true}; }

}  // namespace

TEST_CASE("a deleted exchange's name is free at once and very many bindings from it go a slice a turn") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares_exchange("e", "direct");
  bind_very_many(world, "e", queue_in(world, "q"));
  world.postpone_turns();
  alice.deletes_exchange("e");
  CHECK_FALSE(world.has_exchange("e"));
  CHECK(bindings(world) > very_many_deleted / 2);
  SECTION("and another one of that name keeps its own") {
    alice.declares_exchange("e", "fanout").binds("q", "e", last_key);
    CHECK(world.take_turns() >= 2);
    CHECK(bindings(world) == 1);
    alice.publishes_to("e", "any", "m").gets("q", message("m").leaving(0));
    alice.deletes_exchange("e");
  }
  SECTION("and the queue at their other end may be deleted meanwhile") {
    alice.deletes("q").declares("q");
    CHECK(world.take_turns() >= 1);
  }
  SECTION("and may be forgotten with the broker") { return; }
  CHECK(bindings(world) == 0);
}

TEST_CASE("no message reaches a deleted queue that very many bindings still lead to") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares("rest").declares_exchange("e", "direct");
  alice.declares_exchange("others", "fanout").binds("rest", "others");
  protocol::FieldTableWriter arguments;
  arguments.string("alternate-exchange", "others");
  alice.declares_exchange({.exchange = "with alternate", .type = "direct", .arguments = arguments.table()});
  bind_very_many(world, "e", queue_in(world, "q"));
  bind_very_many(world, "with alternate", queue_in(world, "q"));
  alice.publishes("q", "m");
  world.postpone_turns();
  alice.deletes("q", 1);
  CHECK_FALSE(world.has_queue("q"));
  for (const bool halfway : {true, false}) {
    CHECK((bindings(world) > very_many_deleted) == halfway);
    alice.publishes(last_key, mandatory("e")).is_returned("m");
    alice.publishes(last_key, mandatory("with alternate")).receives_nothing().gets("rest", "m");
    if (halfway) CHECK(world.take_turns() >= 4);
  }
  CHECK(bindings(world) == 1);
}

TEST_CASE("a queue may be declared and bound again while very many bindings of the old one go") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares_exchange("e", "direct");
  bind_very_many(world, "e", queue_in(world, "q"));
  world.postpone_turns();
  alice.deletes("q").declares("q").binds("q", "e", last_key).unbinds("q", "e", "1").binds("q", "e", "other");
  alice.publishes_to("e", last_key, "m").gets("q", message("m").leaving(0));
  CHECK(world.take_turns() >= 2);
  CHECK(bindings(world) == 2);
  alice.publishes_to("e", last_key, "n").gets("q", message("n").leaving(0));
  alice.publishes("1", mandatory("e")).is_returned("m");
}

TEST_CASE("no message reaches a deleted exchange that very many bindings still lead to") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares_exchange("to", "fanout").binds("q", "to");
  alice.declares_exchange({.exchange = "from", .type = "direct", .auto_delete = true});
  bind_very_many(world, "from", exchange_in(world, "to"));
  alice.publishes_to("from", last_key, "m").gets("q", "m");
  world.postpone_turns();
  alice.deletes_exchange("to").declares_exchange("to", "fanout").binds("q", "to");
  alice.publishes(last_key, mandatory("from")).is_returned("m").gets_nothing("q");
  SECTION("and its auto-delete source goes with the last of them") {
    CHECK(world.take_turns() >= 2);
    CHECK_FALSE(world.has_exchange("from"));
    CHECK(bindings(world) == 1);
  }
  SECTION("and its auto-delete source stays if it is bound again") {
    alice.binds_exchange("to", "from", last_key);
    CHECK(world.take_turns() >= 2);
    alice.publishes_to("from", last_key, "m").gets("q", "m");
    alice.deletes_exchange("to");
    CHECK_FALSE(world.has_exchange("from"));
  }
  SECTION("and its source is not in use") {
    alice.sends(exchange::Delete{.exchange = "from", .if_unused = true}).is_answered(exchange::DeleteOk{});
    CHECK(world.take_turns() >= 1);
    CHECK_FALSE(world.has_exchange("from"));
    CHECK(bindings(world) == 1);
  }
}

TEST_CASE("very many auto-delete exchanges in a row go a slice a turn") {
  World world;
  auto alice = world.connect();
  alice.declares("q");
  broker::Destination* next = &queue_in(world, "q");
  for (int i = 0; i < very_many_deleted; ++i) {
    auto& exchange = host(world).declare_exchange({.name = std::to_string(i), .type = "fanout", .auto_delete = true});
    host(world).bind(exchange, *next, "", {});
    next = &exchange;
  }
  const auto exchanges = host(world).exchange_count();
  world.postpone_turns();
  alice.deletes("q");
  CHECK(host(world).exchange_count() < exchanges);
  CHECK(host(world).exchange_count() > exchanges - very_many_deleted / 2);
  CHECK(world.take_turns() >= 2);
  CHECK(host(world).exchange_count() == exchanges - very_many_deleted);
  CHECK(bindings(world) == 0);
}

TEST_CASE("a close is answered when the last of very many exclusive queues has gone") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  declare_very_many(world, alice);
  world.postpone_turns();
  alice.on_channel(0).sends(connection::Close{}).receives_nothing();
  bob.declares(first_queue).deletes(first_queue);
  use_is_refused(bob, last_queue);
  alice.sends(queue::Declare{.queue = "q"}).receives_nothing().is_connected();
  SECTION("in peace") {
    CHECK(world.take_turns() >= 4);
    alice.on_channel(0).is_answered(connection::CloseOk{});
    CHECK_FALSE(alice.end().is_open());
  }
  SECTION("though somebody has deleted some of them meanwhile") {
    host(world).delete_queue(queue_in(world, last_queue), broker::event::Gone::asked);
    CHECK(world.take_turns() >= 4);
    alice.on_channel(0).is_answered(connection::CloseOk{});
  }
  SECTION("or is cut before") {
    alice.vanishes();
    use_is_refused(bob, last_queue);
    CHECK(world.take_turns() >= 4);
  }
  SECTION("or the broker shuts down before") {
    world.broker().shut_down("good night");
    world.settle();
    alice.on_channel(0).is_answered(connection::CloseOk{});
    CHECK_FALSE(alice.end().is_open());
    bob.connection_is_closed(ReplyCode::connection_forced, "CONNECTION_FORCED - good night");
    return;
  }
  bob.declares(last_queue);
  CHECK_FALSE(world.has_queue("q"));
  CHECK(host(world).queue_count() == 1);
  CHECK(bindings(world) == 0);
}

TEST_CASE("very many exclusive queues of a connection that ends otherwise are locked until they go") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  declare_very_many(world, alice);
  world.postpone_turns();
  SECTION("cut") { alice.vanishes(); }
  SECTION("closed by the broker") {
    alice.sends(channel::Open{})
        .connection_is_closed(ReplyCode::channel_error, "CHANNEL_ERROR - second 'channel.open' seen");
  }
  use_is_refused(bob, last_queue);
  use_is_refused(world.connect(), last_queue);  // perhaps where the owner's session was
  CHECK(world.take_turns() >= 4);
  CHECK(host(world).queue_count() == 0);
  bob.declares(last_queue);
}

TEST_CASE("exclusive queues with very many messages go a slice a turn") {
  World world;
  auto bob = world.connect();
  const auto before = world.broker().context().memory().used();
  auto alice = world.connect();
  constexpr int queues = 100, messages = 1'000;
  for (int i = 0; i < queues; ++i) {
    const auto name = std::to_string(i);
    alice.declares({.queue = name, .exclusive = true}).binds(name, "amq.fanout");
  }
  for (int i = 0; i < messages; ++i) bob.publishes_to("amq.fanout", "", "m");
  world.postpone_turns();
  alice.vanishes();
  CHECK(host(world).queue_count() < queues);
  CHECK(world.take_turns() >= 2);
  CHECK(host(world).queue_count() == 0);
  CHECK(world.broker().context().memory().used() == before);
}

TEST_CASE("many queues exchanges and bindings go at once if they are not very many") {
  constexpr int many = 140;
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares_exchange({.exchange = "e", .type = "direct", .auto_delete = true});
  for (int i = 0; i < many; ++i) {
    const auto name = std::to_string(i);
    alice.declares({.queue = name, .exclusive = true}).binds(name, "e", name).binds(name, "amq.topic", name);
  }
  world.postpone_turns();
  SECTION("with their connection") {
    SECTION("closed") { alice.closes(); }
    SECTION("cut") { alice.vanishes(); }
    CHECK(host(world).queue_count() == 0);
    CHECK_FALSE(world.has_exchange("e"));
    CHECK(bindings(world) == 0);
  }
  SECTION("with their exchange") {
    bob.deletes_exchange("e");
    CHECK(bindings(world) == many);
  }
  CHECK(world.take_turns() == 0);
}

}  // namespace pocketmq::tests
