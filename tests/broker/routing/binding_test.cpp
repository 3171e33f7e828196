// Bindings: what they are, that they lead where they should, and how they end.
#include "broker/queue/queue.hpp"
#include "broker/session/broker.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using protocol::FieldTableWriter;

std::string locked_queue(const std::string& queue) {
  return "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '" + queue
         + "' in vhost '/'. It could be originally declared on another connection or the exclusive property value does "
           "not match that of the original declaration.";
}

}  // namespace

TEST_CASE("a direct exchange routes by equal keys") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares("r").declares_exchange("e", "direct");
  alice.binds("q", "e", "a").binds("r", "e", "b").binds("r", "e", "both").binds("q", "e", "both");
  alice.publishes_to("e", "a", "1")
      .publishes_to("e", "b", "2")
      .publishes_to("e", "both", "3")
      .publishes_to("e", "A", "4");
  alice.gets("q", "1").gets("q", message("3").leaving(0)).gets("r", "2").gets("r", message("3").leaving(0));
}

TEST_CASE("a fanout exchange routes to all whatever the key") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares("r").declares("s").binds("q", "amq.fanout", "a").binds("r", "amq.fanout", "b");
  alice.publishes_to("amq.fanout", "c", "m");
  alice.gets("q", "m").gets("r", "m").gets_nothing("s");
}

TEST_CASE("a queue gets a message once however many bindings lead to it") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares_exchange("e", "topic").declares_exchange("f", "fanout");
  alice.binds("q", "e", "#").binds("q", "e", "*").binds("q", "e", "a").binds_exchange("f", "e", "a").binds("q", "f");
  alice.publishes_to("e", "a", "m").gets("q", message("m").leaving(0)).gets_nothing("q");
}

TEST_CASE("a message in many queues is one block of memory") {
  World world{{.checks_state = false}};  // messages are taken out of the queues here
  auto alice = world.connect();
  const std::vector<std::string> queues{"1", "2", "3"};
  for (const auto& queue : queues) alice.declares(queue).binds(queue, "amq.fanout");
  alice.publishes_to("amq.fanout", "", std::string(100'000, 'b'));
  std::vector<const char*> bodies;
  for (const auto& queue : queues)
    bodies.push_back(const_cast<broker::Queue&>(world.queue(queue)).take()->message.body().data());
  CHECK(bodies == std::vector(queues.size(), bodies.front()));
}

TEST_CASE("binding twice is binding once") {
  World world;
  auto alice = world.connect();
  alice.declares("q").binds("q", "amq.direct", "k").binds("q", "amq.direct", "k");
  alice.unbinds("q", "amq.direct", "k").publishes_to("amq.direct", "k", "m").gets_nothing("q");
}

TEST_CASE("bindings that differ in arguments alone are two") {
  World world;
  auto alice = world.connect();
  FieldTableWriter one, other;
  one.int32("a", 1).string("b", "x");
  other.string("b", "x").int32("a", 1);  // the same in another order
  alice.declares("q").binds("q", "amq.direct", "k");
  alice.binds({.queue = "q", .exchange = "amq.direct", .routing_key = "k", .arguments = one.table()});
  alice.unbinds("q", "amq.direct", "k").publishes_to("amq.direct", "k", "1").gets("q", message("1").leaving(0));
  FieldTableWriter third;
  third.int64("a", 1).string("b", "x");
  alice.unbinds({.queue = "q", .exchange = "amq.direct", .routing_key = "k", .arguments = third.table()});
  alice.publishes_to("amq.direct", "k", "2").gets("q", "2");
  alice.unbinds({.queue = "q", .exchange = "amq.direct", .routing_key = "k", .arguments = other.table()});
  alice.publishes_to("amq.direct", "k", "3").gets_nothing("q");
}

TEST_CASE("unbinding what is not bound is fine") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares_exchange("e", "direct").binds("q", "e", "k");
  alice.unbinds("q", "e", "other").unbinds("q", "nope", "k").unbinds("nope", "e", "k").unbinds("nope", "nope");
  alice.unbinds_exchange("e", "e").unbinds_exchange("nope", "e").unbinds_exchange("e", "nope");
  alice.publishes_to("e", "k", "m").gets("q", "m");
}

TEST_CASE("binding without waiting is not answered") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares_exchange("e", "fanout");
  alice.sends(queue::Bind{.queue = "q", .exchange = "e", .no_wait = true});
  alice.sends(exchange::Bind{.destination = "e", .source = "amq.fanout", .no_wait = true}).receives_nothing();
  alice.publishes_to("amq.fanout", "", "1").gets("q", "1");
  alice.sends(exchange::Unbind{.destination = "e", .source = "amq.fanout", .no_wait = true}).receives_nothing();
  alice.publishes_to("amq.fanout", "", "2").gets_nothing("q");
}

TEST_CASE("a queue that is not there is not bound") {
  World world;
  world.connect()
      .sends(queue::Bind{.queue = "nope", .exchange = "amq.direct", .routing_key = "k"})
      .channel_is_closed(ReplyCode::not_found, "NOT_FOUND - no queue 'nope' in vhost '/'");
}

TEST_CASE("no name binds the queue last declared by its own name") {
  World world;
  auto alice = world.connect();
  alice.declares("q").binds("", "amq.direct").publishes_to("amq.direct", "q", "1").gets("q", "1");
  alice.unbinds("", "amq.direct").publishes_to("amq.direct", "q", "2").gets_nothing("q");
  alice.binds("", "amq.direct", "k").publishes_to("amq.direct", "k", "3").gets("q", "3");
  alice.binds("q", "amq.direct").publishes_to("amq.direct", "", "4").gets("q", "4");
}

TEST_CASE("no name is not bound where nothing was declared on the channel") {
  World world;
  const auto method = GENERATE(values<protocol::Method>({
      queue::Bind{.exchange = "amq.direct", .routing_key = "k"},
      queue::Bind{.exchange = ""},
      queue::Unbind{.exchange = "nope"},
  }));
  world.connect().sends(method).channel_is_closed(ReplyCode::not_found, "NOT_FOUND - no previously declared queue");
}

TEST_CASE("another connection's exclusive queue is neither bound nor unbound") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares({.queue = "q", .exclusive = true}).binds("q", "amq.direct", "k");
  bob.unbinds("q", "amq.direct", "other");  // there is none
  const auto method = GENERATE(values<protocol::Method>({
      queue::Bind{.queue = "q", .exchange = "amq.direct", .routing_key = "k"},
      queue::Bind{.queue = "q", .exchange = "amq.direct", .routing_key = "other"},
      queue::Unbind{.queue = "q", .exchange = "amq.direct", .routing_key = "k"},
  }));
  bob.sends(method).channel_is_closed(ReplyCode::resource_locked, locked_queue("q"));
  bob.opens_channel(1).publishes_to("amq.direct", "k", "m");
  alice.gets("q", "m");
}

TEST_CASE("bindings go with their queue and do not come back with its name") {
  World world;
  auto alice = world.connect();
  alice.declares("q").binds("q", "amq.direct", "k").binds("q", "amq.fanout").deletes("q").declares("q");
  alice.publishes_to("amq.direct", "k", "m").publishes_to("amq.fanout", "k", "m").gets_nothing("q");
}

TEST_CASE("bindings go with their exchange whichever end it is") {
  World world;
  auto alice = world.connect();
  const auto declare = [&] { alice.declares_exchange("e", "fanout"); };
  declare();
  alice.declares("q").binds("q", "e").binds_exchange("e", "amq.fanout").deletes_exchange("e");
  declare();
  alice.publishes_to("e", "", "m")
      .gets_nothing("q")
      .binds("q", "e")
      .publishes_to("amq.fanout", "", "m")
      .gets_nothing("q");
}

TEST_CASE("a message goes from exchange to exchange") {
  World world;
  auto alice = world.connect();
  alice.declares_exchange("first", "topic").declares_exchange("second", "direct").declares_exchange("third", "fanout");
  alice.binds_exchange("second", "first", "a.*").binds_exchange("third", "second", "a.b");
  alice.declares("q").declares("r").binds("q", "third").binds("r", "second", "a.c");
  alice.publishes_to("first", "a.b", "1").publishes_to("first", "a.c", "2").publishes_to("first", "b.b", "3");
  alice.gets("q", message("1").leaving(0)).gets("r", message("2").leaving(0));
  alice.unbinds_exchange("second", "first", "a.*").publishes_to("first", "a.b", "4").gets_nothing("q");
}

TEST_CASE("a circle of exchanges gives a message once") {
  World world;
  auto alice = world.connect();
  for (const auto* name : {"a", "b", "c"}) alice.declares(name).declares_exchange(name, "fanout").binds(name, name);
  alice.binds_exchange("b", "a").binds_exchange("c", "b").binds_exchange("a", "c").binds_exchange("a", "a");
  const std::string_view start = GENERATE("a", "b", "c");
  alice.publishes_to(start, "", "m");
  for (const auto* name : {"a", "b", "c"}) alice.gets(name, message("m").leaving(0));
}

TEST_CASE("what no binding leads on is dropped or returned") {
  World world;
  auto alice = world.connect();
  alice.publishes_to("amq.direct", "k", "1").receives_nothing();
  alice.publishes("k", {.body = "2", .exchange = "amq.direct", .mandatory = true}).is_returned("2");
}

TEST_CASE("a queue or an exchange with very many bindings is deleted in one go") {
  World world{Encoding::amqp};
  auto& virtual_host = *world.broker().find_virtual_host("/");
  auto alice = world.connect();
  alice.declares("q").declares("other");
  constexpr int bindings = 20'000;  // quadratic work would be felt
  const std::string_view type = GENERATE("direct", "fanout", "headers", "topic");
  const bool of_one_key = GENERATE(true, false);
  auto& exchange = virtual_host.declare_exchange({.name = "e", .type = std::string{type}});
  const auto bind_all = [&] {
    for (int i = 0; i < bindings; ++i) {
      const auto key = of_one_key ? "k" : std::to_string(i) + ".k";
      const auto arguments = FieldTableWriter{}.int32("number", of_one_key ? 1 : i).int32("x-number", i);
      virtual_host.bind(exchange, virtual_host.require_queue("q"), key, arguments.table());
    }
  };
  virtual_host.bind(exchange, virtual_host.require_queue("other"), "k", {});
  bind_all();
  CHECK(virtual_host.binding_count() == bindings + 1);
  alice.deletes("q");
  CHECK(virtual_host.binding_count() == 1);
  alice.publishes_to("e", "k", "m").gets("other", "m");
  alice.declares("q");
  bind_all();
  alice.deletes_exchange("e");
  CHECK(virtual_host.binding_count() == 0);
}

}  // namespace pocketmq::tests
