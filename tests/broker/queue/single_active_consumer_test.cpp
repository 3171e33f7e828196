// x-single-active-consumer: one consumer gets everything, and the next takes over when it leaves.
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using Arguments = protocol::FieldTableWriter;

const Arguments single = Arguments{}.boolean("x-single-active-consumer", true);
const Arguments single_quorum = Arguments{}.boolean("x-single-active-consumer", true).string("x-queue-type", "quorum");

}  // namespace

TEST_CASE("one consumer is active at a time") {
  World world;
  auto alice = world.connect();
  alice.declares({.queue = "q", .arguments = single.table()}).consumes("q", "a").consumes("q", "b").consumes("q", "c");
  alice.publishes("q", {"1", "2", "3"});
  alice.receives(message("1").to("a"), message("2").to("a"), message("3").to("a"));
  alice.finds("q", {.messages = 0, .consumers = 3});
  SECTION("the others may leave") { alice.cancels("b").publishes("q", "4").receives(message("4").to("a")); }
  SECTION("the longest waiting comes next") {
    alice.cancels("a").publishes("q", "4").receives(message("4").to("b"));
    alice.consumes("q", "a").cancels("b").publishes("q", "5").receives(message("5").to("c"));
    alice.cancels("c").publishes("q", "6").receives(message("6").to("a"));
  }
}

TEST_CASE("the active consumer's prefetch is the queue's") {
  World world;
  auto alice = world.connect();
  alice.declares({.queue = "q", .arguments = single.table()}).prefetches(2).consumes("q", "a").consumes("q", "b");
  alice.publishes("q", {"1", "2", "3", "4"}).receives(message("1").to("a"), message("2").to("a"));
  alice.acks("1").receives(message("3").to("a"));
  alice.cancels("a").receives(message("4").to("b"));
}

TEST_CASE("what a lost active consumer held comes first") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares({.queue = "q", .arguments = single.table()}).prefetches(2).consumes("q", "a");
  bob.consumes("q", "b").publishes("q", {"1", "2", "3", "4"});
  alice.receives("1", "2");
  bob.receives_nothing();
  SECTION("channel closed") { alice.closes_channel(); }
  SECTION("connection closed") { alice.closes(); }
  SECTION("connection lost") { alice.vanishes(); }
  bob.receives(redelivered("1"), redelivered("2"), "3", "4");
}

TEST_CASE("a waiting consumer takes over a queue whose messages were all acked") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares({.queue = "q", .arguments = single.table()}).prefetches(1).consumes("q", "a");
  bob.consumes("q", "b").publishes("q", {"1", "2"});
  alice.receives("1").cancels("a");
  bob.receives("2");
}

TEST_CASE("an active consumer stays when one of a higher priority comes and the highest is next") {
  World world;
  auto alice = world.connect();
  const auto high = Arguments{}.int32("x-priority", 10);
  const bool quorum = GENERATE(false, true);
  const auto& arguments = quorum ? single_quorum : single;
  alice.declares({.queue = "q", .durable = true, .arguments = arguments.table()}).consumes("q", "a").consumes("q", "b");
  alice.consumes({.queue = "q", .consumer_tag = "high", .arguments = high.table()});
  alice.publishes("q", "1").sends(basic::Cancel{.consumer_tag = "a", .no_wait = true}).publishes("q", "2");
  // Which on a quorum queue does not count.
  alice.receives(message("1").to("a"), message("2").to(quorum ? "b" : "high"));
}

TEST_CASE("a queue with a single active consumer is not consumed exclusively") {
  World world;
  auto alice = world.connect();
  alice.declares({.queue = "q", .arguments = single.table()});
  alice.sends(basic::Consume{.queue = "q", .exclusive = true});
  alice.channel_is_closed(ReplyCode::access_refused, "ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use");
}

TEST_CASE("a get takes from a classic queue with a single active consumer but not from a quorum queue") {
  World world;
  auto alice = world.connect();
  alice.declares({.queue = "classic", .arguments = single.table()}).publishes("classic", "m").gets("classic", "m");
  alice.declares({.queue = "quorum", .durable = true, .arguments = single_quorum.table()});
  alice.sends(basic::Get{.queue = "quorum"});
  alice.channel_is_closed(ReplyCode::resource_locked,
                          "RESOURCE_LOCKED - cannot obtain access to locked queue 'quorum' in vhost '/'. basic.get "
                          "operations are not supported by quorum queues with single active consumer");
}

TEST_CASE("all consumers of a deleted queue with a single active one are told") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares({.queue = "q", .arguments = single.table()}).consumes("q", "a");
  bob.consumes("q", "b").deletes("q").is_cancelled("b");
  alice.is_cancelled("a");
}

}  // namespace pocketmq::tests
