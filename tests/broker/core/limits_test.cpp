// The limits that a broker was given: at each one more is refused with its reason, and one that goes makes room.
#include "broker/queue/queue.hpp"
#include "broker/session/broker.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {

TEST_CASE("a connection too many is refused, and one that ends makes room") {
  World world{{.options = {.connection_max = 2}}};
  auto alice = world.connect();
  world.connect();
  world.arrive().shakes_hands({}).connection_is_closed(
      ReplyCode::not_allowed,
      "NOT_ALLOWED - access to vhost '/' refused for user 'guest': connection limit (2) is reached");
  SECTION("closed") { alice.closes(); }
  SECTION("lost") { alice.vanishes(); }
  world.connect().is_fine();
}

TEST_CASE("a connection without a handshake is counted too") {
  World world{{.encoding = Encoding::json, .options = {.connection_max = 1}}};
  auto alice = world.arrive().declares("q");
  world.arrive()
      .sends(queue::Declare{.queue = "q"})
      .connection_is_closed(ReplyCode::not_allowed,
                            "NOT_ALLOWED - access to vhost '/' refused for user 'guest': "
                            "connection limit (1) is reached");
  alice.is_fine();
}

TEST_CASE("a queue too many is refused, and one that goes makes room") {
  World world{{.options = {.queue_max = 2}}};
  auto alice = world.connect();
  alice.declares("q").declares({.queue = "own", .exclusive = true}).declares("q");
  alice.sends(queue::Declare{.queue = "r"})
      .channel_is_closed(ReplyCode::precondition_failed,
                         "PRECONDITION_FAILED - cannot declare queue 'r': queue limit of the broker (2) is reached");
  alice.opens_channel(1);
  SECTION("deleted") { alice.deletes("q").declares("r"); }
  SECTION("gone with its connection") {
    alice.closes();
    world.connect().declares("r");
  }
}

TEST_CASE("a consumer too many is refused, and one that goes makes room") {
  World world{{.options = {.consumer_max = 2}}};
  auto alice = world.connect(), bob = world.connect(), carol = world.connect();
  alice.declares("q").consumes("q", "a");
  bob.consumes("q", "b");
  carol.sends(basic::Consume{.queue = "q"})
      .connection_is_closed(ReplyCode::not_allowed, "NOT_ALLOWED - reached maximum (2) of consumers of this broker");
  SECTION("cancelled") { alice.cancels("a").consumes("q", "c"); }
  SECTION("lost") {
    bob.vanishes();
    alice.consumes("q", "c");
  }
  SECTION("its queue deleted") {
    alice.deletes("q").is_cancelled("a").declares("q").consumes("q", "a").consumes("q", "c");
  }
}

TEST_CASE("a binding too many is refused, and one that goes makes room") {
  World world{{.options = {.binding_max = 2}}};
  auto alice = world.connect();
  alice.declares("q").binds("q", "amq.fanout").binds_exchange("amq.topic", "amq.direct", "k");
  alice.binds("q", "amq.fanout");  // it is there already
  alice.sends(queue::Bind{.queue = "q", .exchange = "amq.direct", .routing_key = "k"})
      .channel_is_closed(ReplyCode::precondition_failed,
                         "PRECONDITION_FAILED - cannot bind: binding limit of the broker (2) is reached");
  alice.opens_channel(1);
  SECTION("unbound") { alice.unbinds("q", "amq.fanout").binds("q", "amq.direct", "k"); }
  SECTION("its queue deleted") { alice.deletes("q").declares("r").binds("r", "amq.direct", "k"); }
}

TEST_CASE("an exchange too many is refused, and one that goes makes room") {
  World world{{.options = {.exchange_max = 2}}};
  auto alice = world.connect();
  alice.declares_exchange("e", "direct").declares_exchange("f", "topic").declares_exchange("e", "direct");
  alice.sends(exchange::Declare{.exchange = "g", .type = "fanout"})
      .channel_is_closed(
          ReplyCode::precondition_failed,
          "PRECONDITION_FAILED - cannot declare exchange 'g': exchange limit of the broker (2) is reached");
  alice.opens_channel(1).deletes_exchange("e").declares_exchange("g", "fanout");
}

namespace {

protocol::FieldTableWriter with_text(std::size_t bytes) {
  protocol::FieldTableWriter table;
  table.string("x-note", std::string(bytes, 'n'));
  return table;
}

}  // namespace

TEST_CASE("arguments too many are refused, and those that go make room") {
  World world{{.options = {.argument_bytes_max = 2'500}}};
  auto alice = world.connect();
  const auto arguments = with_text(1'000);
  alice.declares({.queue = "q", .arguments = arguments.table()});
  alice.binds({.queue = "q", .exchange = "amq.direct", .arguments = arguments.table()});
  const auto refused = [&](const protocol::Method& method, const std::string& what) {
    alice.sends(method).channel_is_closed(
        ReplyCode::precondition_failed,
        "PRECONDITION_FAILED - cannot " + what + ": limit of the broker for arguments (2500 bytes) is reached");
    alice.opens_channel(1);
  };
  refused(queue::Declare{.queue = "r", .arguments = arguments.table()}, "declare queue 'r'");
  refused(exchange::Declare{.exchange = "e", .type = "direct", .arguments = arguments.table()}, "declare exchange 'e'");
  refused(queue::Bind{.queue = "q", .exchange = "amq.fanout", .arguments = arguments.table()}, "bind");
  alice.declares("r").deletes("q").declares({.queue = "s", .arguments = arguments.table()});
  alice.declares_exchange({.exchange = "e", .type = "direct", .arguments = arguments.table()});
}

TEST_CASE("arguments that no frame carries are not kept") {
  World world{Encoding::json};
  const auto arguments = with_text(140'000);
  world.connect()
      .sends(queue::Declare{.queue = "q", .arguments = arguments.table()})
      .channel_is_closed(ReplyCode::precondition_failed,
                         "PRECONDITION_FAILED - cannot declare queue 'q': its arguments are "
                             + std::to_string(arguments.table().encoded().size())
                             + " bytes long; at most 131072 are kept");
}

TEST_CASE("what there is fills the memory and no more, and who drains it is let in") {
  World world{{.options = {.memory_max_bytes = 100'000}}};
  auto& memory = world.broker().context().memory();
  auto alice = world.connect();
  int declared = 0;
  for (; memory.has_room_for_topology(); ++declared) alice.declares("q" + std::to_string(declared));
  CHECK(declared > 50);
  CHECK(declared < 200);
  const auto described = memory.describe();
  alice.sends(queue::Declare{.queue = "r"})
      .channel_is_closed(ReplyCode::precondition_failed, "PRECONDITION_FAILED - cannot declare queue 'r': " + described
                                                             + ". Try again when queues are shorter");
  alice.opens_channel(2);
  while (memory.has_room_for_clients()) alice.on_channel(2).sends(basic::Consume{.queue = "q0", .no_wait = true});
  const auto refused = world.arrive().shakes_hands({}).on_channel(0).answer<connection::Close>();
  const auto& refusal = std::get<connection::Close>(refused.method);
  CHECK(refusal.reply_code == 530);
  CHECK(std::string_view{refusal.reply_text}.starts_with(
      "NOT_ALLOWED - access to vhost '/' refused for user 'guest': the broker holds "));
}

TEST_CASE("full queues keep no consumer away") {
  World world{{.options = {.memory_max_bytes = 100'000}}};
  auto& memory = world.broker().context().memory();
  auto alice = world.connect();
  alice.declares("q").publishes("q", "one");
  memory.charge(200'000);
  world.connect().consumes("q").receives("one");
  memory.release(200'000);
}

TEST_CASE("large arguments are refused where memory is scarce") {
  World world{{.options = {.memory_max_bytes = 100'000}}};
  auto& memory = world.broker().context().memory();
  auto alice = world.connect();
  memory.charge(100'000);
  alice.declares({.queue = "q", .arguments = with_text(1'000).table()});
  const auto described = memory.describe();
  alice.sends(queue::Declare{.queue = "r", .arguments = with_text(5'000).table()})
      .channel_is_closed(ReplyCode::precondition_failed, "PRECONDITION_FAILED - cannot declare queue 'r': " + described
                                                             + ". Try again when queues are shorter");
  memory.release(100'000);
}

TEST_CASE("what exchanges keep for their bindings is charged, and goes with them") {
  World world;
  const auto& memory = world.broker().context().memory();
  auto alice = world.connect();
  alice.declares("q");
  const auto before = memory.used();
  SECTION("words of patterns") {
    alice.binds("q", "amq.topic", "a.b.c.d.e.f.g.h.i.j").binds("q", "amq.topic", "a.b.c.d.e.f.g.h.i.k");
    CHECK(memory.used() - before > 11 * 200);
  }
  SECTION("what headers are to be") {
    protocol::FieldTableWriter wanted;
    for (int i = 0; i < 100; ++i) wanted.boolean(std::to_string(i), true);
    wanted.string("x-match", "any");
    alice.binds({.queue = "q", .exchange = "amq.headers", .arguments = wanted.table()});
    CHECK(memory.used() - before > 100 * 200);
  }
  alice.deletes("q");
  CHECK(memory.used() < before);
}

}  // namespace pocketmq::tests
