// The limits that a broker was given: at each one more is refused with its reason, and one that goes makes room.
#include "broker/queue.hpp"
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

}  // namespace pocketmq::tests
