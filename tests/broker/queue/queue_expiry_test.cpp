// x-expires: a queue that nobody uses is deleted; what counts as use was measured on RabbitMQ.
#include "broker/session/broker.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using Arguments = protocol::FieldTableWriter;

const Arguments expires_in_a_second = Arguments{}.int32("x-expires", 1'000);

Client declares_expiring(const Client& client) {
  return client.declares({.queue = "q", .arguments = expires_in_a_second.table()});
}

}  // namespace

TEST_CASE("an unused queue goes with what is in it") {
  World world;
  auto alice = world.connect();
  const auto arguments = Arguments{}
                             .int32("x-expires", 1'000)
                             .string("x-dead-letter-exchange", "")
                             .string("x-dead-letter-routing-key", "dead");
  alice.declares("dead").declares({.queue = "q", .arguments = arguments.table()}).publishes("q", {"1", "2"});
  alice.gets("q", "1");
  world.advance(999ms);
  CHECK(world.has_queue("q"));
  world.advance(1ms);
  CHECK_FALSE(world.has_queue("q"));
  alice.acks("1").is_fine().gets_nothing("dead");
  CHECK(world.broker().deadline() > world.now() + 1s);
}

TEST_CASE("a queue is used by a get and by a declaration that is answered") {
  World world;
  auto alice = world.connect();
  declares_expiring(alice);
  world.advance(600ms);
  SECTION("a get of nothing") { alice.gets_nothing("q"); }
  SECTION("a get") { alice.publishes("q", "m").gets("q", "m"); }
  SECTION("a declaration") { declares_expiring(alice); }
  SECTION("a passive declaration") { alice.finds("q", {}); }
  world.advance(999ms);
  CHECK(world.has_queue("q"));
  world.advance(1ms);
  CHECK_FALSE(world.has_queue("q"));
}

TEST_CASE("nothing else is a use of a queue") {
  World world;
  auto alice = world.connect();
  declares_expiring(alice).publishes("q", "1").gets("q", "1");
  world.advance(600ms);
  SECTION("a publish") { alice.publishes("q", "2"); }
  SECTION("an ack") { alice.acks("1"); }
  SECTION("a requeue") { alice.requeues("1"); }
  SECTION("a purge") { alice.purges("q", 0); }
  SECTION("a declaration that is not answered") {
    alice.declares({.queue = "q", .no_wait = true, .arguments = expires_in_a_second.table()});
  }
  SECTION("a passive declaration that is not answered") {
    alice.declares({.queue = "q", .passive = true, .no_wait = true});
  }
  SECTION("a declaration that is refused") {
    alice.sends(queue::Declare{.queue = "q", .durable = true, .arguments = expires_in_a_second.table()});
  }
  world.advance(399ms);
  CHECK(world.has_queue("q"));
  world.advance(1ms);
  CHECK_FALSE(world.has_queue("q"));
}

TEST_CASE("a queue with a consumer does not expire") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  declares_expiring(alice).consumes("q", "a");
  bob.consumes("q");
  world.advance(1h);
  alice.cancels("a");
  world.advance(1h);
  CHECK(world.has_queue("q"));
  SECTION("cancelled") { bob.closes_channel(); }
  SECTION("lost") { bob.vanishes(); }
  world.advance(999ms);
  CHECK(world.has_queue("q"));
  world.advance(1ms);
  CHECK_FALSE(world.has_queue("q"));
}

TEST_CASE("a queue that is deleted before it expires leaves nothing to wait for") {
  World world;
  auto alice = world.connect();
  declares_expiring(alice).deletes("q");
  CHECK(world.broker().deadline() == TimePoint::max());
}

TEST_CASE("an exclusive queue expires too") {
  World world;
  auto alice = world.connect();
  alice.declares({.queue = "q", .exclusive = true, .arguments = expires_in_a_second.table()});
  world.advance(1s);
  CHECK_FALSE(world.has_queue("q"));
  alice.closes();
}

}  // namespace pocketmq::tests
