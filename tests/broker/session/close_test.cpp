// How a connection ends, by either side.
#include "broker/session/broker.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

// A connection that the broker has closed with an error, and whose client has not answered.
Client refused(World& world) {
  return world.connect()
      .sends(channel::Open{})
      .connection_close_comes(ReplyCode::channel_error, "CHANNEL_ERROR - second 'channel.open' seen");
}

}  // namespace

TEST_CASE("a client's close is answered and ends the connection") {
  World world;
  world.connect().closes();
  CHECK(world.broker().connection_count() == 0);
}

TEST_CASE("a close is answered behind everything that was asked before") {
  World world;
  auto alice = world.connect();
  alice.declares("q").stops_reading();
  alice.sends(queue::Purge{.queue = "q"}).on_channel(0).sends(connection::Close{});
  alice.reads_all().is_answered(queue::PurgeOk{}).on_channel(0).is_answered(connection::CloseOk{});
  CHECK_FALSE(alice.end().is_open());
}

TEST_CASE("what comes behind a client's close is ignored") {
  World world;
  auto alice = world.connect();
  alice.stops_reading();
  alice.on_channel(0).sends(connection::Close{});
  alice.sends(queue::Declare{.queue = "q"});
  CHECK_FALSE(world.has_queue("q"));
}

TEST_CASE("after its own close the broker ignores everything but the answer") {
  World world;
  auto alice = refused(world);
  alice.sends(queue::Declare{.queue = "q"}).publishes("q", "m").on_channel(2).sends(channel::Open{});
  alice.sends_heartbeat().receives_nothing().is_connected();
  CHECK_FALSE(world.has_queue("q"));
  alice.on_channel(0).sends(connection::CloseOk{});
  CHECK_FALSE(alice.end().is_open());
}

TEST_CASE("closes of a connection that cross are both answered") {
  World world;
  refused(world).closes();
}

TEST_CASE("a close that is not answered within 10 seconds ends the connection") {
  World world;
  auto alice = refused(world);
  world.advance(9'999ms);
  alice.is_connected();
  world.advance(1ms);
  alice.is_cut();
}

TEST_CASE("a framing error behind the broker's close ends the connection at once") {
  World world;
  refused(world).sends_bytes("\xff\xff\xff\xff\xff\xff\xff\xff").is_cut();
}

TEST_CASE("what a connection held is free as soon as the broker closes it") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares("q").declares({.queue = "mine", .exclusive = true}).publishes("q", "m").consumes("q").receives("m");
  alice.sends(channel::Open{})
      .connection_close_comes(ReplyCode::channel_error, "CHANNEL_ERROR - second 'channel.open' seen");
  bob.gets("q", redelivered("m"));
  CHECK_FALSE(world.has_queue("mine"));
}

TEST_CASE("a connection error names the method that caused it") {
  World world;
  auto alice = world.connect().sends(channel::Open{});
  const auto close = std::get<connection::Close>(alice.answer<connection::Close>().method);
  CHECK(close.class_id == channel::Open::id.class_id);
  CHECK(close.method_id == channel::Open::id.method_id);
}

TEST_CASE("shutting down closes every connection with 320") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares("q").declares({.queue = "mine", .exclusive = true}).publishes("q", "m").consumes("q").receives("m");
  bob.consumes("q");
  world.broker().shut_down("good night");
  world.settle();
  CHECK_FALSE(world.has_queue("mine"));
  alice.connection_is_closed(ReplyCode::connection_forced, "CONNECTION_FORCED - good night");
  bob.connection_is_closed(ReplyCode::connection_forced, "CONNECTION_FORCED - good night");
  CHECK(world.broker().connection_count() == 0);
}

TEST_CASE("shutting down ends connections that have said nothing") {
  World world;
  auto alice = world.arrive_raw(), bob = world.arrive_raw().sends_bytes("AM");
  world.broker().shut_down("good night");
  world.settle();
  alice.is_cut();
  bob.is_cut();
}

TEST_CASE("shutting down closes connections in the middle of their handshake") {
  World world{Encoding::amqp};
  auto alice = world.arrive().sends_header().on_channel(0);
  (void)alice.answer<connection::Start>();
  world.broker().shut_down("good night");
  world.settle();
  alice.connection_is_closed(ReplyCode::connection_forced, "CONNECTION_FORCED - good night");
}

TEST_CASE("shutting down twice says it once") {
  World world;
  auto alice = world.connect();
  world.broker().shut_down("good night");
  world.broker().shut_down("again");
  world.settle();
  alice.connection_close_comes(ReplyCode::connection_forced, "CONNECTION_FORCED - good night").receives_nothing();
  CHECK(alice.end().inbox().empty());
}

TEST_CASE("the broker knows how many connections it has") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  CHECK(world.broker().connection_count() == 2);
  alice.closes();
  bob.vanishes();
  CHECK(world.broker().connection_count() == 0);
  CHECK(world.broker().find_virtual_host("nope") == nullptr);
}

}  // namespace pocketmq::tests
