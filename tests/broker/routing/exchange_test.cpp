// exchange.declare and exchange.delete: names, types, equality, and how exchanges end.
#include "broker/core/errors.hpp"
#include "broker/session/broker.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using ReplyCode::precondition_failed;
constexpr auto fixed = "ACCESS_REFUSED - operation not permitted on the default exchange";

protocol::FieldTableWriter alternate(std::string_view exchange) {
  return protocol::FieldTableWriter{}.string("alternate-exchange", exchange);
}

}  // namespace

TEST_CASE("the default exchange routes to the queue of that name") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares("qq").publishes("q", "1").publishes("qq", "2").publishes("", "3").publishes("Q", "4");
  alice.gets("q", message("1").leaving(0)).gets("qq", message("2").leaving(0));
  alice.deletes("q").publishes("q", {.body = "5", .mandatory = true}).is_returned("5");
}

TEST_CASE("an exchange that is not there is missed by name") {
  World world;
  auto& virtual_host = *world.broker().find_virtual_host("/");
  CHECK(virtual_host.require_exchange("").name().empty());
  CHECK(virtual_host.find_exchange("nope") == nullptr);
  CHECK_THROWS_AS(virtual_host.require_exchange("nope"), broker::ChannelError);
}

TEST_CASE("the default exchange is not declared deleted or bound") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares_exchange("e", "direct");
  const auto method = GENERATE(values<protocol::Method>({
      exchange::Declare{.exchange = "", .type = "direct"},
      exchange::Declare{.exchange = "", .type = "direct", .passive = true},
      exchange::Delete{.exchange = ""},
      exchange::Bind{.destination = "", .source = "e"},
      exchange::Bind{.destination = "e", .source = ""},
      exchange::Unbind{.destination = "", .source = "e"},
      exchange::Unbind{.destination = "e", .source = ""},
      queue::Bind{.queue = "q", .exchange = "", .routing_key = "k"},
      queue::Bind{.queue = "no queue", .exchange = "", .routing_key = "k"},
      queue::Unbind{.queue = "q", .exchange = "", .routing_key = "q"},
  }));
  alice.sends(method).channel_is_closed(ReplyCode::access_refused, fixed);
  alice.opens_channel(1).publishes("q", "m").gets("q", "m");
}

TEST_CASE("what needs an exchange that is not there is refused") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares_exchange("e", "direct");
  const auto method = GENERATE(values<protocol::Method>({
      exchange::Declare{.exchange = "nope", .type = "direct", .passive = true},
      exchange::Declare{.exchange = "nope", .type = "wurst", .passive = true, .no_wait = true},
      exchange::Bind{.destination = "nope", .source = "e"},
      exchange::Bind{.destination = "e", .source = "nope"},
      exchange::Bind{.destination = "e", .source = "nope", .no_wait = true},
      queue::Bind{.queue = "q", .exchange = "nope", .routing_key = "k"},
      queue::Bind{.queue = "no queue", .exchange = "nope", .routing_key = "k"},
  }));
  alice.sends(method).channel_is_closed(ReplyCode::not_found, "NOT_FOUND - no exchange 'nope' in vhost '/'");
}

TEST_CASE("an exchange may be declared again by equal fields and found by its name") {
  World world;
  auto alice = world.connect();
  const auto arguments = alternate("other");
  const exchange::Declare declare{.exchange = "e",
                                  .type = "topic",
                                  .durable = true,
                                  .auto_delete = true,
                                  .internal = true,
                                  .arguments = arguments.table()};
  alice.declares_exchange(declare).declares_exchange(declare);
  const std::string_view type = GENERATE("topic", "direct", "wurst", "");  // not looked at
  alice.declares_exchange({.exchange = "e", .type = type, .passive = true});
}

TEST_CASE("arguments that nobody knows do not make an exchange another one") {
  World world;
  auto alice = world.connect();
  protocol::FieldTableWriter arguments;
  alice.declares_exchange("e", "direct");
  alice.declares_exchange({.exchange = "e", .type = "direct", .arguments = arguments.int32("x-mine", 1).table()});
}

TEST_CASE("declaring without waiting is not answered") {
  World world;
  auto alice = world.connect();
  alice.sends(exchange::Declare{.exchange = "e", .type = "fanout", .no_wait = true}).receives_nothing();
  CHECK(world.has_exchange("e"));
  alice.sends(exchange::Declare{.exchange = "e", .type = "fanout", .passive = true, .no_wait = true});
  alice.sends(exchange::Delete{.exchange = "e", .no_wait = true}).receives_nothing();
  CHECK_FALSE(world.has_exchange("e"));
}

TEST_CASE("a declaration that differs is told of the first difference") {
  World world;
  auto alice = world.connect();
  alice.declares_exchange("e", "direct");
  const auto arguments = alternate("a");
  exchange::Declare differs{.exchange = "e",
                            .type = "fanout",
                            .durable = true,
                            .auto_delete = true,
                            .internal = true,
                            .arguments = arguments.table()};
  const auto is_refused = [&](const std::string& difference) {
    alice.sends(differs).channel_is_closed(precondition_failed, "PRECONDITION_FAILED - inequivalent arg " + difference);
    alice.opens_channel(1);
  };
  is_refused("'type' for exchange 'e' in vhost '/': received 'fanout' but current is 'direct'");
  differs.type = "direct";
  is_refused("'durable' for exchange 'e' in vhost '/': received 'true' but current is 'false'");
  differs.durable = false;
  is_refused("'auto_delete' for exchange 'e' in vhost '/': received 'true' but current is 'false'");
  differs.auto_delete = false;
  is_refused("'internal' for exchange 'e' in vhost '/': received 'true' but current is 'false'");
  differs.internal = false;
  is_refused(
      "'alternate-exchange' for exchange 'e' in vhost '/': received the value 'a' of type 'longstr' but current "
      "is none");
}

TEST_CASE("a declaration with another alternate exchange is told of both") {
  World world;
  auto alice = world.connect();
  const auto a = alternate("a"), b = alternate("b");
  alice.declares_exchange({.exchange = "e", .type = "direct", .arguments = a.table()});
  SECTION("given") {
    alice.sends(exchange::Declare{.exchange = "e", .type = "direct", .arguments = b.table()})
        .channel_is_closed(precondition_failed,
                           "PRECONDITION_FAILED - inequivalent arg 'alternate-exchange' for exchange 'e' in vhost '/': "
                           "received 'b' but current is 'a'");
  }
  SECTION("left out") {
    alice.sends(exchange::Declare{.exchange = "e", .type = "direct"})
        .channel_is_closed(precondition_failed,
                           "PRECONDITION_FAILED - inequivalent arg 'alternate-exchange' for exchange 'e' in vhost '/': "
                           "received none but current is the value 'a' of type 'longstr'");
  }
}

TEST_CASE("an alternate exchange has a name") {
  World world;
  protocol::FieldTableWriter arguments;
  arguments.int32("alternate-exchange", 1);
  world.connect()
      .sends(exchange::Declare{.exchange = "e", .type = "direct", .arguments = arguments.table()})
      .channel_is_closed(
          precondition_failed,
          "PRECONDITION_FAILED - invalid type 'signedint' for arg 'alternate-exchange' in exchange 'e' in "
          "vhost '/'");
  CHECK_FALSE(world.has_exchange("e"));
}

TEST_CASE("a type that there is not ends the connection") {
  World world;
  const bool with_a_name = GENERATE(true, false);  // the type is looked at first
  auto alice = world.connect();
  const std::string_view name = with_a_name ? "e" : "";
  SECTION("unknown") {
    alice.sends(exchange::Declare{.exchange = name, .type = "Direct"})
        .connection_is_closed(ReplyCode::command_invalid, "COMMAND_INVALID - unknown exchange type 'Direct'");
  }
  SECTION("empty") {
    alice.sends(exchange::Declare{.exchange = name, .type = ""})
        .connection_is_closed(ReplyCode::command_invalid, "COMMAND_INVALID - invalid exchange type ''");
  }
}

TEST_CASE("some exchanges are there from the start") {
  World world;
  auto alice = world.connect();
  const auto method = GENERATE(values<exchange::Declare>({
      {.exchange = "amq.direct", .type = "direct"},
      {.exchange = "amq.fanout", .type = "fanout"},
      {.exchange = "amq.topic", .type = "topic"},
      {.exchange = "amq.headers", .type = "headers"},
      {.exchange = "amq.match", .type = "headers"},
      {.exchange = "amq.rabbitmq.trace", .type = "topic", .internal = true},
  }));
  auto declare = method;
  declare.durable = true;
  alice.declares_exchange({.exchange = method.exchange, .passive = true}).declares_exchange(declare);
  declare.durable = false;
  alice.sends(declare).channel_is_closed(precondition_failed,
                                         "PRECONDITION_FAILED - inequivalent arg 'durable' for exchange '"
                                             + std::string{method.exchange}
                                             + "' in vhost '/': received 'false' but current is 'true'");
}

TEST_CASE("names that begin with amq belong to the broker") {
  World world;
  auto alice = world.connect();
  alice.sends(exchange::Declare{.exchange = "amq.mine", .type = "direct"})
      .channel_is_closed(ReplyCode::access_refused,
                         "ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'");
  const std::string name = GENERATE(as<std::string>{}, "amq.direct", "amq.rabbitmq.trace", "amq.mine");
  alice.opens_channel(1)
      .sends(exchange::Delete{.exchange = name})
      .channel_is_closed(ReplyCode::access_refused,
                         "ACCESS_REFUSED - deletion of system exchange '" + name + "' in vhost '/' not allowed");
}

TEST_CASE("line breaks are left out of an exchange's name") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares_exchange("one\r\n line", "direct").binds("q", "one line\n");
  CHECK(world.has_exchange("one line"));
  alice.publishes_to("one line", "", "m").gets("q", "m").unbinds("q", "one\n line").deletes_exchange("\none line");
  CHECK_FALSE(world.has_exchange("one line"));
  alice.sends(exchange::Declare{.exchange = "\n", .type = "direct"})
      .channel_is_closed(ReplyCode::access_refused, fixed);
}

TEST_CASE("deleting an exchange that is not there is fine") {
  World world;
  auto alice = world.connect();
  alice.deletes_exchange("nope").sends(exchange::Delete{.exchange = "nope", .if_unused = true, .no_wait = true});
  alice.receives_nothing();
}

TEST_CASE("an exchange in use is not deleted if unused is asked for and nothing changes") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares_exchange("e", "direct").binds("q", "e", "k");
  alice.sends(exchange::Delete{.exchange = "e", .if_unused = true})
      .channel_is_closed(precondition_failed, "PRECONDITION_FAILED - exchange 'e' in vhost '/' in use");
  alice.opens_channel(1).publishes_to("e", "k", "m").gets("q", "m").unbinds("q", "e", "k");
  alice.sends(exchange::Delete{.exchange = "e", .if_unused = true}).is_answered(exchange::DeleteOk{});
  CHECK_FALSE(world.has_exchange("e"));
}

TEST_CASE("an exchange that others are bound to is unused as long as nothing is bound from it") {
  World world;
  auto alice = world.connect();
  alice.declares_exchange("e", "fanout").declares_exchange("f", "fanout").binds_exchange("e", "f");
  alice.sends(exchange::Delete{.exchange = "e", .if_unused = true}).is_answered(exchange::DeleteOk{});
  alice.publishes_to("f", "", "m").is_fine();
}

TEST_CASE("nobody publishes to an internal exchange and messages come from others") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares_exchange({.exchange = "inner", .type = "fanout", .internal = true});
  alice.declares_exchange("outer", "fanout").binds("q", "inner").binds_exchange("inner", "outer");
  alice.publishes_to("outer", "", "m").gets("q", "m");
  const std::string name = GENERATE(as<std::string>{}, "inner", "amq.rabbitmq.trace");
  alice.publishes_to(name, "", "m")
      .channel_is_closed(ReplyCode::access_refused,
                         "ACCESS_REFUSED - cannot publish to internal exchange '" + name + "' in vhost '/'");
}

TEST_CASE("an auto-delete exchange waits for its first binding and goes with its last") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares("r").declares_exchange({.exchange = "e", .type = "direct", .auto_delete = true});
  alice.publishes_to("e", "k", "nowhere").binds("q", "e", "k").binds("r", "e", "k").unbinds("q", "e", "k");
  CHECK(world.has_exchange("e"));
  SECTION("unbound") { alice.unbinds("r", "e", "k"); }
  SECTION("with its queue") { alice.deletes("r"); }
  CHECK_FALSE(world.has_exchange("e"));
}

TEST_CASE("an auto-delete exchange goes with the connection whose queue was bound to it") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares_exchange({.exchange = "e", .type = "fanout", .auto_delete = true});
  bob.declares({.queue = "q", .exclusive = true}).binds("q", "e");
  SECTION("closed") { bob.closes(); }
  SECTION("lost") { bob.vanishes(); }
  CHECK_FALSE(world.has_exchange("e"));
  alice.publishes_to("e", "", "m").channel_is_closed(ReplyCode::not_found, "NOT_FOUND - no exchange 'e' in vhost '/'");
}

TEST_CASE("auto-delete exchanges in a row go one with the other") {
  World world;
  auto alice = world.connect();
  constexpr int length = 10'000;  // more than a stack of calls would like
  auto& virtual_host = *world.broker().find_virtual_host("/");
  alice.declares("q");
  broker::Destination* next = virtual_host.find_queue("q");
  for (int i = 0; i < length; ++i) {
    auto& exchange = virtual_host.declare_exchange({.name = std::to_string(i), .type = "fanout", .auto_delete = true});
    virtual_host.bind(exchange, *next, "", {});
    next = &exchange;
  }
  alice.publishes_to(std::to_string(length - 1), "", "m").gets("q", "m").deletes("q");
  CHECK_FALSE(world.has_exchange("0"));
  CHECK_FALSE(world.has_exchange(std::to_string(length - 1)));
  CHECK(virtual_host.binding_count() == 0);
}

TEST_CASE("auto-delete exchanges in a circle go together") {
  World world;
  auto alice = world.connect();
  for (const auto* name : {"a", "b"})
    alice.declares_exchange({.exchange = name, .type = "fanout", .auto_delete = true});
  alice.binds_exchange("a", "b").binds_exchange("b", "a").binds_exchange("a", "a", "itself");
  alice.deletes_exchange("a");
  CHECK_FALSE(world.has_exchange("a"));
  CHECK_FALSE(world.has_exchange("b"));
}

TEST_CASE("an auto-delete exchange bound to itself goes with that binding") {
  World world;
  auto alice = world.connect();
  alice.declares_exchange({.exchange = "e", .type = "fanout", .auto_delete = true}).binds_exchange("e", "e");
  alice.unbinds_exchange("e", "e");
  CHECK_FALSE(world.has_exchange("e"));
}

}  // namespace pocketmq::tests
