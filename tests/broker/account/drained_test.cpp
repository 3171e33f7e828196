// When a scope is drained, and when it can no longer become so.
#include "tests/support/ledger_world.hpp"

namespace pocketmq::tests {
namespace {

namespace event = broker::event;
using broker::Await;
using broker::DrainedCondition;
using DrainedArguments = protocol::FieldTableWriter;

}  // namespace

TEST_CASE("a scope is drained when all its messages were acked") {
  LedgerWorld waiting;
  auto alice = waiting.world.connect();
  const auto drained = waiting.awaits_for(DrainedCondition{});
  alice.declares("q").publishes("q", {"1", "2"});
  CHECK_FALSE(drained.has_ended());
  alice.consumes("q").receives("1", "2").acks("1");
  CHECK_FALSE(drained.has_ended());
  alice.acks("2");
  CHECK(drained.holds());
  CHECK(drained.outcome().numbers == decltype(broker::AwaitOutcome::numbers){{"published", 2}});
}

TEST_CASE("a scope in which nothing was published is not drained unless nothing is wanted") {
  LedgerWorld waiting;
  const auto drained = waiting.awaits_for(DrainedCondition{});
  const auto three = waiting.awaits_for(DrainedCondition{.count = 3});
  CHECK(waiting.awaits_for(DrainedCondition{.count = 0}).holds());
  auto alice = waiting.world.connect();
  CHECK_FALSE(drained.has_ended());
  alice.publishes("nowhere", "1");
  CHECK(drained.holds());
  alice.publishes("nowhere", "2");
  CHECK_FALSE(three.has_ended());
  alice.publishes("nowhere", "3");
  CHECK(three.holds());
  const auto from_now = waiting.awaits_for(DrainedCondition{}, 5s, Await::From::now);
  CHECK_FALSE(from_now.has_ended());
  alice.publishes("nowhere", "4");
  CHECK(from_now.holds());
}

TEST_CASE("messages may rest only where they are said to rest") {
  LedgerWorld waiting;
  auto alice = waiting.world.connect();
  const auto arguments =
      DrainedArguments{}.string("x-dead-letter-exchange", "").string("x-dead-letter-routing-key", "dead");
  alice.declares({.queue = "q", .arguments = arguments.table()}).declares("dead");
  const auto everywhere = waiting.awaits_for(DrainedCondition{});
  const auto but_for_dead = waiting.awaits_for(DrainedCondition{.rests_in = {"dead"}});
  alice.publishes("q", "m").consumes("q").receives("m");
  CHECK_FALSE(but_for_dead.has_ended());
  alice.rejects("m");
  CHECK(but_for_dead.holds());
  CHECK_FALSE(everywhere.has_ended());
  alice.gets("dead", message("m"));
  CHECK_FALSE(waiting.awaits_for(DrainedCondition{.rests_in = {"dead"}}).has_ended());
  alice.acks("m");
  CHECK(everywhere.holds());
}

TEST_CASE("what is in an open transaction is not drained") {
  LedgerWorld waiting;
  auto alice = waiting.world.connect();
  const auto drained = waiting.awaits_for(DrainedCondition{});
  alice.declares("q").selects_tx().publishes("nowhere", "m");
  CHECK_FALSE(drained.has_ended());
  SECTION("until it is committed") { alice.commits(); }
  SECTION("or rolled back") { alice.rolls_back(); }
  SECTION("or given up") { alice.vanishes(); }
  CHECK(drained.holds());
}

TEST_CASE("expiry by the broker's clock drains") {
  LedgerWorld waiting;
  auto alice = waiting.world.connect();
  alice.declares("q").publishes("q", Publication{.body = "m", .properties = {.expiration = "1000"}});
  const auto drained = waiting.awaits_for(DrainedCondition{});
  alice.closes();
  CHECK_FALSE(drained.has_ended());
  waiting.advance(1s);
  CHECK(drained.holds());
}

TEST_CASE("a scope that no client has come to yet may still be drained") {
  LedgerWorld waiting;
  const auto drained = waiting.awaits_for(DrainedCondition{});
  CHECK_FALSE(drained.has_ended());
  waiting.advance(6s);
  CHECK(drained.timed_out());
}

TEST_CASE("drained cannot hold once all clients have closed and the queue's consumer is among them") {
  LedgerWorld waiting;
  auto& world = waiting.world;
  auto alice = world.connect();
  auto bob = world.connect();
  alice.declares("q").publishes("q", {"1", "2"});
  bob.prefetches(1).consumes("q").receives("1").acks("1").receives("2");
  const auto drained = waiting.awaits_for(DrainedCondition{});
  alice.closes();
  CHECK_FALSE(drained.has_ended());
  const auto someone_logs_in = world.arrive_raw().sends_bytes("AMQP");
  bob.closes();
  CHECK_FALSE(drained.has_ended());
  someone_logs_in.vanishes();
  CHECK(drained.cannot_hold());
  CHECK(drained.reason()
        == "cannot become drained: nobody is left who could consume from 'q': all clients of the scope have closed their "
           "connections. 1 of 2 messages has not ended:\n"
           "  #2 q is in 'q', ready for 0 ms after 1 delivery that was requeued: the queue has no consumer");
}

TEST_CASE("somebody may still act") {
  LedgerWorld waiting;
  auto& world = waiting.world;
  auto alice = world.connect();
  alice.declares("q");
  const auto drained = waiting.awaits_for(DrainedCondition{});
  SECTION("if the queue never had a consumer") {
    alice.publishes("q", "m").closes();
    CHECK_FALSE(drained.has_ended());
  }
  SECTION("if a client was refused something before it closed its connection") {
    auto bob = world.connect();
    bob.consumes("q");
    alice.publishes("q", "m");
    bob.receives("m").sends(basic::Ack{.delivery_tag = 77});
    bob.closes();
    alice.closes();
    CHECK_FALSE(drained.has_ended());
  }
  SECTION("if a client was lost") {
    auto bob = world.connect();
    bob.consumes("q");
    alice.publishes("q", "m");
    bob.receives("m");
    alice.closes();
    bob.vanishes();
    CHECK_FALSE(drained.has_ended());
  }
  SECTION("if the broker has closed a connection") {
    auto bob = world.connect();
    bob.consumes("q");
    alice.publishes("q", "m");
    bob.receives("m");
    alice.closes();
    world.broker().shut_down("restart");
    world.settle();
    CHECK_FALSE(drained.has_ended());
  }
  SECTION("if the message expires") {
    auto bob = world.connect();
    bob.consumes("q").cancels("");
    bob.publishes("q", Publication{.body = "m", .properties = {.expiration = "1000000"}}).closes();
    alice.closes();
    CHECK_FALSE(drained.has_ended());
  }
  SECTION("if a consumer holds all that its prefetch allows") {
    auto bob = world.connect();
    bob.prefetches(1).consumes("q");
    alice.publishes("q", {"1", "2"}).closes();
    bob.receives("1");
    CHECK_FALSE(drained.has_ended());
  }
  waiting.advance(5s);
  CHECK(drained.timed_out());
}

TEST_CASE("messages that go with their queue when the last client closes are drained") {
  LedgerWorld waiting;
  auto& world = waiting.world;
  auto alice = world.connect();
  auto bob = world.connect();
  SECTION("an auto-delete queue") { alice.declares({.queue = "q", .auto_delete = true}); }
  SECTION("an exclusive queue") {
    bob.declares({.queue = "q", .exclusive = true});
    std::swap(alice, bob);
  }
  auto& consumer = world.queue("q").declaration().owner != 0 ? alice : bob;
  auto& other = &consumer == &alice ? bob : alice;
  consumer.consumes("q").publishes("q", {"1", "2"}).receives("1", "2");
  const auto drained = waiting.awaits_for(DrainedCondition{});
  other.closes();
  CHECK_FALSE(drained.has_ended());
  consumer.closes();
  CHECK(drained.holds());
}

TEST_CASE("what a queue does by itself may still drain it") {
  LedgerWorld waiting;
  auto alice = waiting.world.connect();
  DrainedArguments arguments;
  SECTION("expire") { arguments.int32("x-expires", 3'600'000); }
  SECTION("drop its first message for a dead letter") { arguments.int32("x-max-length", 5); }
  SECTION("or for a large one") { arguments.int32("x-max-length-bytes", 500); }
  alice.declares({.queue = "q", .arguments = arguments.table()}).consumes("q", "c").cancels("c").publishes("q", "m");
  const auto drained = waiting.awaits_for(DrainedCondition{});
  alice.closes();
  CHECK_FALSE(drained.has_ended());
}

// What takes several turns only if there is very much of it is made up here.
TEST_CASE("a dead letter that is not published yet is not drained") {
  LedgerWorld waiting{{.checks_state = false}};
  auto& journal = waiting.world.broker().journal();
  const auto drained = waiting.awaits_for(DrainedCondition{});
  journal.tell(event::MessagePublished{.message = 7, .vhost = "/", .routing_key = "q"});
  journal.tell(event::MessageRouted{.message = 7, .vhost = "/", .queue_count = 1});
  waiting.world.settle();
  CHECK_FALSE(drained.has_ended());
  journal.tell(event::MessageEnqueued{.message = 7, .vhost = "/", .queue = "q"});
  journal.tell(event::MessageDeadLettered{.message = 7, .vhost = "/", .queue = "q"});
  waiting.world.settle();
  CHECK_FALSE(drained.has_ended());
  journal.tell(event::DeadLetterPublished{.message = 8, .parent = 7, .vhost = "/", .queue = "q"});
  waiting.world.settle();
  CHECK_FALSE(drained.has_ended());
  journal.tell(event::MessageDropped{.message = 8, .vhost = "/", .stage = event::Stage::publish});
  waiting.world.settle();
  CHECK(drained.holds());
}

TEST_CASE("an auto-delete queue whose consumers have still to be removed may go with its messages") {
  LedgerWorld waiting{{.checks_state = false}};
  auto& journal = waiting.world.broker().journal();
  auto alice = waiting.world.connect();
  const bool auto_delete = GENERATE(true, false);
  alice.declares({.queue = "q", .auto_delete = auto_delete}).consumes("q", "c");
  journal.tell(event::MessagePublished{.message = 7, .vhost = "/", .routing_key = "q"});
  journal.tell(event::MessageRouted{.message = 7, .vhost = "/", .queue_count = 1});
  journal.tell(event::MessageEnqueued{.message = 7, .vhost = "/", .queue = "q"});
  const auto drained = waiting.awaits_for(DrainedCondition{});
  journal.tell(event::ConnectionClosed{.connection = alice.session().number(), .by = event::By::client});
  waiting.world.settle();
  CHECK(drained.cannot_hold() == !auto_delete);
}

TEST_CASE("a connection without heartbeats that a fault has frozen can no longer ack") {
  LedgerWorld waiting;
  auto& world = waiting.world;
  const auto heartbeat = GENERATE(0s, 60s);
  auto alice = world.connect();
  auto bob = world.connect({.name = "worker", .heartbeat = heartbeat});
  alice.declares("q").publishes("q", "m");
  bob.consumes("q", "c").receives("m");
  alice.closes();
  const auto drained = waiting.awaits_for(DrainedCondition{});
  CHECK_FALSE(drained.has_ended());
  waiting.ledger.freeze(bob.session().number());
  world.settle();
  CHECK(drained.cannot_hold() == (heartbeat == 0s));
  if (heartbeat == 0s)
    CHECK(drained.reason()
          == "cannot become drained: nobody is left who could consume from 'q': the connections that are open are frozen "
             "by a fault, and have no heartbeats. 1 of 1 message has not ended:\n"
             "  #1 q is in 'q', unacked for 0 ms: consumer 'c' of 'worker' has not acked it, and its connection is "
             "frozen by a fault");
}

}  // namespace pocketmq::tests
