// Which consumer gets which message, and when.
#include "broker/queue/queue.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {

TEST_CASE("a lost consumer's messages return in order") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares("q").publishes("q", {"one", "two"});
  bob.prefetches(2).consumes("q").receives("one", "two");
  bob.vanishes();
  alice.consumes("q").receives(redelivered("one"), redelivered("two"));
}

TEST_CASE("messages wait for a consumer and reach it in order") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares("q").publishes("q", {"one", "two", "three"});
  bob.consumes("q").receives("one", "two", "three");
  alice.publishes("q", "four");
  bob.receives("four");
}

TEST_CASE("consumers take turns") {
  World world;
  auto alice = world.connect();
  alice.declares("q").consumes("q", "a").consumes("q", "b").consumes("q", "c");
  world.connect().publishes("q", {"1", "2", "3", "4", "5", "6", "7"});
  alice.receives(message("1").to("a"), message("2").to("b"), message("3").to("c"), message("4").to("a"),
                 message("5").to("b"), message("6").to("c"), message("7").to("a"));
}

TEST_CASE("consumers of two connections and two encodings take turns") {
  World world;
  auto alice = world.connect({.encoding = Encoding::json}), bob = world.connect({.encoding = Encoding::amqp});
  alice.declares("q").consumes("q");
  bob.consumes("q").publishes("q", {"1", "2", "3", "4"});
  alice.receives("1", "3");
  bob.receives("2", "4");
}

TEST_CASE("a consumer without a limit takes all that is there when it starts") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2", "3"}).consumes("q", "a").consumes("q", "b");
  alice.receives(message("1").to("a"), message("2").to("a"), message("3").to("a"));
}

TEST_CASE("a consumer holds no more than its prefetch") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2", "3", "4"}).prefetches(2).consumes("q").receives("1", "2");
  alice.acks("1").receives("3");
  alice.acks_up_to("3").receives("4");
}

TEST_CASE("whoever acks gets the next message") {
  World world;
  auto alice = world.connect(), bob = world.connect(), carol = world.connect();
  alice.declares("q");
  for (const auto& client : {alice, bob, carol}) client.prefetches(1).consumes("q");
  alice.publishes("q", {"1", "2", "3", "4", "5", "6"}).receives("1");
  bob.receives("2").acks("2").receives("4");
  alice.acks("1").receives("5");
  carol.receives("3").acks("3").receives("6");
}

TEST_CASE("a slow consumer does not hold messages back from a fast one") {
  World world;
  auto slow = world.connect(), fast = world.connect();
  slow.declares("q").prefetches(1).consumes("q");
  fast.prefetches(1).consumes("q").publishes("q", {"1", "2", "3", "4"});
  slow.receives("1");
  fast.receives("2").acks("2").receives("3").acks("3").receives("4");
  slow.receives_nothing();
}

TEST_CASE("a prefetch is for later consumers and each has its own") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2", "3", "4", "5", "6", "7", "8"});
  alice.prefetches(2).consumes("q", "a").receives(message("1").to("a"), message("2").to("a"));
  alice.prefetches(4).receives_nothing().acks("1").receives(message("3").to("a"));
  alice.consumes("q", "b").receives(message("4").to("b"), message("5").to("b"), message("6").to("b"),
                                    message("7").to("b"));
}

TEST_CASE("consumers of a channel share its prefetch") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares("r").publishes("q", {"1", "2", "3", "4"}).publishes("r", {"i", "j"});
  alice.shares_prefetch(3).consumes("q", "a").receives("1", "2", "3");
  alice.consumes("r", "b").receives_nothing();
  alice.acks("1").receives(message("4").to("a"));
  alice.acks_up_to("3").receives(message("i").to("b"), message("j").to("b"));
}

TEST_CASE("the shared prefetch counts what was delivered before it") {
  World world;
  auto alice = world.connect();
  alice.declares("q").consumes("q").publishes("q", {"1", "2", "3", "4", "5", "6"});
  alice.receives("1", "2", "3", "4", "5", "6").shares_prefetch(2).publishes("q", "7").receives_nothing();
  alice.acks_up_to("4").receives_nothing();
  alice.acks("5").receives("7");
}

TEST_CASE("a raised shared prefetch delivers at once and 0 lifts it") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2", "3", "4", "5", "6"});
  alice.shares_prefetch(1).consumes("q").receives("1");
  alice.shares_prefetch(3).receives("2", "3");
  alice.shares_prefetch(0).receives("4", "5", "6");
}

TEST_CASE("consumers that share a prefetch take turns") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares("r").publishes("q", {"1", "2", "3", "4"}).publishes("r", {"i", "j"});
  alice.shares_prefetch(1).consumes("q", "a").consumes("q", "b").consumes("r", "c").receives(message("1").to("a"));
  std::map<std::string, int> deliveries;
  for (int i = 0; i < 5; ++i) {
    REQUIRE((alice.acks_all(), alice.end().inbox().size()) == 1);
    ++deliveries[std::string{std::get<basic::Deliver>(alice.end().inbox().front().method).consumer_tag}];
    alice.end().inbox().clear();
  }
  CHECK(deliveries["a"] >= 1);
  CHECK(deliveries["b"] >= 1);
  CHECK(deliveries["c"] >= 1);
}

TEST_CASE("the shared prefetch is the channel's own") {
  World world;
  auto alice = world.connect();
  auto second = alice.opens_channel(2);
  alice.declares("q").publishes("q", {"1", "2", "3"}).shares_prefetch(1).consumes("q").receives("1");
  second.consumes("q").receives("2", "3");
}

TEST_CASE("both prefetches apply") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2", "3", "4", "5", "6", "7"});
  alice.prefetches(5).shares_prefetch(2).consumes("q").receives("1", "2");
  alice.shares_prefetch(4).receives("3", "4");
  alice.shares_prefetch(10).receives("5").acks("1").receives("6");
}

TEST_CASE("a prefetch for later consumers lifts the shared one as on RabbitMQ") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2", "3", "4"}).shares_prefetch(1).consumes("q", "a").receives("1");
  alice.prefetches(2).receives("2", "3", "4");
}

TEST_CASE("a consumer that does not ack uses no prefetch up") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2", "3"}).prefetches(1).shares_prefetch(1);
  alice.consumes({.queue = "q", .no_ack = true}).receives("1", "2", "3");
  CHECK(world.queue("q").unacked() == 0);
}

TEST_CASE("a consumer that does not ack waits while the shared prefetch is used up") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares("r").shares_prefetch(1).consumes("q", "a").publishes("q", "1").receives("1");
  alice.consumes({.queue = "r", .consumer_tag = "b", .no_ack = true}).publishes("r", {"i", "j"}).receives_nothing();
  SECTION("until an ack") {
    alice.acks("1").receives(message("i").to("b"), message("j").to("b"));
    alice.publishes("q", "2").receives("2").publishes("r", "k").receives_nothing();
  }
  SECTION("until there is more of it") { alice.shares_prefetch(2).receives("i", "j"); }
  SECTION("until it is lifted") { alice.shares_prefetch(0).receives("i", "j"); }
  SECTION("until a commit") { alice.selects_tx().acks("1").receives_nothing().commits().receives("i", "j"); }
}

TEST_CASE("of the consumers of a queue that wait for the shared prefetch the first goes on") {
  World world;
  auto alice = world.connect();
  alice.declares("q").shares_prefetch(1).consumes("q", "a").publishes("q", "1").receives("1");
  alice.consumes({.queue = "q", .consumer_tag = "b", .no_ack = true}).publishes("q", {"2", "3"}).receives_nothing();
  alice.acks("1").receives(message("2").to("a"));
  alice.cancels("a").acks("2").receives(message("3").to("b"));
}

TEST_CASE("a get neither heeds nor fills a prefetch") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2", "3", "4"}).prefetches(1).shares_prefetch(1);
  alice.gets("q", "1").consumes("q").receives("2");
  alice.gets("q", "3").receives_nothing();
  alice.acks("2").receives("4");
}

TEST_CASE("a requeued message goes to the consumer whose turn it is") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares("q").prefetches(1).consumes("q");
  bob.prefetches(1).consumes("q").publishes("q", "1");
  alice.receives("1").requeues("1").receives_nothing();
  bob.receives(redelivered("1")).requeues("1").receives_nothing();
  alice.receives(redelivered("1"));
}

TEST_CASE("a requeued message returns to its consumer where no other has room") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares("q").prefetches(1).consumes("q");
  bob.prefetches(1).consumes("q").publishes("q", {"1", "2", "3"});
  alice.receives("1").requeues("1").receives(redelivered("1"));
  bob.receives("2").acks("2").receives("3");
}

TEST_CASE("a batch of requeued messages is shared out in order") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares("q").consumes("q");
  bob.consumes("q").publishes("q", {"1", "2", "3", "4", "5", "6"}).receives("2", "4", "6");
  alice.receives("1", "3", "5").requeues_up_to("5").receives(redelivered("1"), redelivered("5"));
  bob.receives(redelivered("3"));
}

TEST_CASE("a rejected message makes room for the next") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2"}).prefetches(1).consumes("q").receives("1");
  alice.rejects("1").receives("2");
  CHECK(world.queue("q").unacked() == 1);
}

TEST_CASE("what a cancelled consumer holds takes no prefetch of the next consumer") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2", "3", "4"}).prefetches(2);
  alice.consumes("q", "a").receives("1", "2").cancels("a");
  alice.consumes("q", "a").receives("3", "4");
  alice.acks("1").receives_nothing();
}

TEST_CASE("what a cancelled consumer holds still takes the shared prefetch") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2", "3", "4"}).shares_prefetch(2);
  alice.consumes("q", "a").receives("1", "2").cancels("a");
  alice.consumes("q", "b").receives_nothing();
  alice.acks("1").receives(message("3").to("b"));
}

TEST_CASE("delivery tags count through every delivery of a channel") {
  World world;
  auto alice = world.connect();
  auto second = alice.opens_channel(2);
  alice.declares("q").publishes("q", {"1", "2", "3", "4"});
  alice.gets("q", message("1").tagged(1));
  alice.consumes({.queue = "q", .consumer_tag = "a", .no_ack = true})
      .receives(message("2").tagged(2), message("3").tagged(3), message("4").tagged(4))
      .cancels("a");
  alice.publishes("q", "5").gets("q", message("5").tagged(5)).requeues("5");
  alice.gets("q", redelivered(message("5").tagged(6))).requeues("5");
  second.gets("q", redelivered(message("5").tagged(1)));
}

}  // namespace pocketmq::tests
