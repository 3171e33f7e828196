// The texts that say why a condition does not hold.
#include "broker/account/diagnosis.hpp"

#include "tests/support/ledger_world.hpp"

namespace pocketmq::tests {
namespace {

using broker::ConnectionsCondition;
using broker::DrainedCondition;
using broker::MessageCondition;
using broker::MessageState;
using broker::QueueCondition;
using broker::QuietCondition;
using broker::TextMatch;
using broker::WantedNumber;
using DiagnosisArguments = protocol::FieldTableWriter;

// Waits in vain.
broker::AwaitOutcome outcome_of(LedgerWorld& waiting, const broker::Condition& condition,
                                std::chrono::nanoseconds within = 5s) {
  const auto awaited = waiting.awaits_for(condition, within);
  waiting.advance(within);
  REQUIRE(awaited.timed_out());
  return awaited.outcome();
}
std::string reason_of(LedgerWorld& waiting, const broker::Condition& condition, std::chrono::nanoseconds within = 5s) {
  return outcome_of(waiting, condition, within).reason;
}
MessageCondition for_routing_key(const char* key) { return {.match = {.routing_key = TextMatch{key}}}; }

}  // namespace

TEST_CASE("the diagnosis shows what was published and where each message is") {
  LedgerWorld waiting;
  auto& world = waiting.world;
  auto alice = world.connect();
  auto bob = world.connect();
  alice.declares_exchange("orders", "topic").declares("mail").declares("billing");
  alice.binds("mail", "orders", "orders.paid").binds("billing", "orders", "order.*");
  bob.prefetches(1).consumes("mail", "worker");
  const MessageCondition acked{.match = {.routing_key = TextMatch{"orders.paid"}, .state = MessageState::acked},
                               .count = 2};
  const auto awaited = waiting.awaits_for(acked);
  alice.publishes_to("orders", "orders.created", "a");
  alice.publishes_to("orders", "orders.paid", "b");
  waiting.advance(100ms);
  alice.publishes_to("orders", "orders.paid", "c");
  waiting.advance(4900ms);
  REQUIRE(awaited.timed_out());
  const auto reason = awaited.reason();
  CHECK(reason.find("0 of 2 messages for 'orders.paid' that is acked within 5 s. 3 were published in this scope:\n"
                    "  #1 orders.created to exchange 'orders' (topic): no binding matched, dropped\n")
        == 0);
  CHECK(reason.find(
            "\n  #2 orders.paid is in 'mail', unacked for 5 s: consumer 'worker' has not acked it\n"
            "  #3 orders.paid is in 'mail', ready for 4.9 s: its consumer 'worker' holds 1 of prefetch 1 (#2, for "
            "5 s)")
        != reason.npos);
  CHECK(awaited.outcome().seen.size() == 3);
}

TEST_CASE("the diagnosis shows what may have been meant") {
  LedgerWorld waiting;
  auto alice = waiting.world.connect();
  alice.declares_exchange("orders", "topic").declares("billing").binds("billing", "orders", "order.*");
  const auto awaited = waiting.awaits_for(for_routing_key("orders.craeted"));
  const auto queue = waiting.awaits_for(QueueCondition{.name = "biling"});
  alice.publishes_to("orders", "orders.created", "a");
  waiting.advance(5s);
  CHECK(awaited.reason()
        == "no message for 'orders.craeted' within 5 s. 1 was published in this scope:\n"
           "  #1 orders.created to exchange 'orders' (topic): no binding matched, dropped\n"
           "     nearest: 'order.*' -> queue 'billing': word 1 is 'orders', not 'order'\n"
           "  nearest: routing key 'orders.created'");
  CHECK(awaited.outcome().nearest.size() == 2);
  CHECK(queue.reason() == "no queue 'biling' within 5 s: there is no such queue\n  nearest: queue 'billing'");
}

TEST_CASE("the diagnosis names who has connected if nothing was published") {
  LedgerWorld waiting;
  CHECK(reason_of(waiting, for_routing_key("orders.paid"))
        == "no message for 'orders.paid' within 5 s: nothing was published in this scope, and no client has connected");
  auto alice = waiting.world.connect({.name = "app"});
  CHECK(
      reason_of(waiting, for_routing_key("orders.paid"), 200ms)
      == "no message for 'orders.paid' within 200 ms: nothing was published in this scope, and 1 is connected ('app')");
  alice.closes();
  CHECK(reason_of(waiting, for_routing_key("orders.paid"), 200ms)
        == "no message for 'orders.paid' within 200 ms: nothing was published in this scope, and no client is connected, "
           "and 1 was");
}

TEST_CASE("the diagnosis shows at most twenty messages and counts the others") {
  LedgerWorld waiting;
  auto alice = waiting.world.connect();
  alice.declares("q");
  for (int i = 0; i < 500; ++i) alice.publishes("q", "m");
  const auto outcome = outcome_of(waiting, for_routing_key("other"));
  CHECK(outcome.seen.size() == 20);
  CHECK(outcome.reason.ends_with("\n  and 480 more"));
  CHECK(outcome.reason.starts_with("no message for 'other' within 5 s. 500 were published in this scope:\n"));
}

TEST_CASE("what comes closest is shown first of very many") {
  LedgerWorld waiting;
  auto alice = waiting.world.connect();
  alice.declares("q").declares("wanted");
  for (int i = 0; i < 100; ++i) alice.publishes("q", "m");
  alice.publishes("wanted", "m");
  const auto reason =
      reason_of(waiting, MessageCondition{.match = {.routing_key = TextMatch{"wanted"}, .state = MessageState::acked}});
  CHECK(reason.find("#101 wanted is in 'wanted', ready for 5 s: the queue has no consumer") != reason.npos);
}

TEST_CASE("the diagnosis says in what a message is different") {
  LedgerWorld waiting;
  auto alice = waiting.world.connect();
  alice.declares("q").publishes("q", R"({"id":6,"password":"x"})");
  const auto reason = reason_of(
      waiting,
      MessageCondition{.match = {.routing_key = TextMatch{"q"}, .json = broker::JsonMatch::of_text(R"({"id":5})")}});
  CHECK(reason
        == "no message for 'q' with JSON {\"id\":5} within 5 s. 1 was published in this scope:\n"
           "  #1 q is in 'q', ready for 5 s: the queue has no consumer\n"
           "     but its body is '{\"id\":6,\"password\":\"***\"}'");
}

TEST_CASE("the diagnosis tells the story of messages that ended") {
  LedgerWorld waiting;
  auto& world = waiting.world;
  auto alice = world.connect({.name = "app"});
  const auto arguments =
      DiagnosisArguments{}.string("x-dead-letter-exchange", "").string("x-dead-letter-routing-key", "dead");
  alice.declares({.queue = "q", .arguments = arguments.table()}).declares("dead").declares("plain");
  alice.publishes("q", "1").consumes("q", "c").receives("1").rejects("1");
  alice.publishes("q", "2").receives("2").acks("2");
  alice.publishes("plain", Publication{.body = "3", .properties = {.expiration = "0"}});
  alice.publishes("plain", "4").gets("plain", message("4"));
  alice.publishes("nowhere", Publication{.body = "5", .mandatory = true}).is_returned("5");
  alice.publishes("nobody.knows.it", "6");
  CHECK(reason_of(waiting, for_routing_key("something.else"))
        == "no message for 'something.else' within 5 s. 6 were published in this scope, and 1 dead-lettered:\n"
           "  #1 q was dead-lettered from 'q' 5 s ago (rejected), as #2\n"
           "  #2 dead (dead letter of #1) is in 'dead', ready for 5 s: the queue has no consumer\n"
           "  #3 q was acked in 'q' 5 s ago by consumer 'c' of 'app'\n"
           "  #4 plain was dropped from 'plain' 5 s ago: it expired, and the queue has no dead-letter exchange\n"
           "  #5 plain is in 'plain', unacked for 5 s: client 'app' has not acked it\n"
           "  #6 nowhere to the default exchange: there is no queue 'nowhere', returned to its publisher\n"
           "  #7 nobody.knows.it to the default exchange: there is no queue 'nobody.knows.it', dropped");
}

TEST_CASE("the diagnosis shows what is not drained") {
  LedgerWorld waiting;
  auto alice = waiting.world.connect();
  alice.declares("q").declares("dead").publishes("q", "1").publishes("dead", "2");
  alice.opens_channel(2).on_channel(2).selects_tx().publishes("q", "3");
  const auto outcome = outcome_of(waiting, DrainedCondition{.rests_in = {"dead", "other"}});
  CHECK(outcome.reason
        == "not drained within 5 s: 2 of 3 messages have not ended and do not rest in 'dead' or 'other':\n"
           "  #1 q is in 'q', ready for 5 s: the queue has no consumer\n"
           "  #3 q to the default exchange: in a transaction that is not committed, for 5 s");
  CHECK(reason_of(waiting, DrainedCondition{.count = 9}, 200ms)
            .starts_with("not drained within 200 ms: 3 of 3 messages have not ended:\n"));
  alice.vanishes();
  waiting.world.connect().purges("q", 1).purges("dead", 1);
  CHECK(reason_of(waiting, DrainedCondition{.count = 9}, 200ms)
        == "not drained within 200 ms: 3 messages were published in this scope, and at least 9 are wanted, and 1 is "
           "connected ('client 2')");
}

TEST_CASE("the diagnosis of a queue shows its messages") {
  LedgerWorld waiting;
  auto alice = waiting.world.connect();
  alice.declares("mail").publishes("mail", {"1", "2"}).prefetches(1).consumes("mail", "c").receives("1");
  CHECK(reason_of(waiting, QueueCondition{.name = "mail", .ready = WantedNumber{0}, .consumers = WantedNumber{1}})
        == "no queue 'mail' with 0 ready and 1 consumers within 5 s: it has 1 ready, 1 unacked, 1 consumer:\n"
           "  #2 mail is in 'mail', ready for 5 s: its consumer 'c' holds 1 of prefetch 1 (#1, for 5 s)\n"
           "  #1 mail is in 'mail', unacked for 5 s: consumer 'c' has not acked it");
  const auto reason = reason_of(waiting, QueueCondition{.name = "nothing.like.it"});
  CHECK(reason == "no queue 'nothing.like.it' within 5 s: there is no such queue; there are 'mail'");
}

TEST_CASE("the diagnosis of connections shows those that are open and those that have ended") {
  LedgerWorld waiting;
  auto alice = waiting.world.connect({.name = "app"});
  auto bob = waiting.world.connect({.name = "worker"});
  bob.vanishes();
  const auto number = std::to_string(alice.session().number());
  const auto reason = reason_of(waiting, ConnectionsCondition{.count = WantedNumber{2}});
  CHECK(reason.starts_with("not 2 open connections within 5 s: 1 is open:\n  'app' (connection " + number
                           + ", user 'guest') has been open for 5 s\n  'worker' (connection "));
  CHECK(reason.find("user 'guest') was lost 5 s ago: ") != reason.npos);
}

TEST_CASE("the diagnosis of a scope that is not quiet names the last event") {
  LedgerWorld waiting;
  auto alice = waiting.world.connect();
  const auto quiet = waiting.awaits_for(QuietCondition{.time = 2s}, 3s);
  waiting.advance(1500ms);
  alice.declares("q");
  waiting.advance(1500ms);
  REQUIRE(quiet.timed_out());
  CHECK(quiet.reason() == "not quiet for 2 s within 3 s: the last event was queue.declared, 1.5 s ago");
}

}  // namespace pocketmq::tests
