// Waiting for conditions: when they hold, when the time is up, and when they can no longer hold.
#include "broker/account/awaits.hpp"

#include "tests/support/ledger_world.hpp"

namespace pocketmq::tests {
namespace {

using broker::Await;
using broker::ConnectionsCondition;
using broker::DrainedCondition;
using broker::MessageCondition;
using broker::MessageState;
using broker::QueueCondition;
using broker::QuietCondition;
using broker::TextMatch;
using broker::WantedNumber;
using AwaitArguments = protocol::FieldTableWriter;

MessageCondition for_key(const char* routing_key, std::uint64_t count = 1) {
  return {.match = {.routing_key = TextMatch{routing_key}}, .count = count};
}
WantedNumber at_least(std::uint64_t number) { return {.number = number, .is = WantedNumber::Is::at_least}; }

}  // namespace

TEST_CASE("an await for a message ends when one comes or was there") {
  LedgerWorld waiting;
  auto alice = waiting.world.connect();
  alice.declares("q");
  const auto before = waiting.awaits_for(for_key("q"));
  CHECK_FALSE(before.has_ended());
  alice.publishes("other", "x");
  CHECK_FALSE(before.has_ended());
  alice.publishes("q", "m");
  CHECK(before.holds());
  CHECK(before.outcome().messages == std::vector<std::uint64_t>{2});
  CHECK(waiting.awaits_for(for_key("q")).holds());
  const auto from_now = waiting.awaits_for(for_key("q"), 5s, Await::From::now);
  CHECK_FALSE(from_now.has_ended());
  alice.publishes("q", "n");
  CHECK(from_now.outcome().messages == std::vector<std::uint64_t>{3});
  CHECK(waiting.awaits.count() == 0);
}

TEST_CASE("an await counts messages that match at one moment") {
  LedgerWorld waiting;
  auto alice = waiting.world.connect();
  alice.declares("q");
  const auto two_ready = waiting.awaits_for(MessageCondition{.match = {.state = MessageState::ready}, .count = 2});
  const auto two_acked = waiting.awaits_for(MessageCondition{.match = {.state = MessageState::acked}, .count = 2});
  alice.publishes("q", "1").gets("q", message("1")).publishes("q", "2");
  CHECK_FALSE(two_ready.has_ended());
  alice.publishes("q", "3");
  CHECK(two_ready.outcome().messages == std::vector<std::uint64_t>{2, 3});
  alice.acks("1");
  CHECK_FALSE(two_acked.has_ended());
  alice.gets("q", message("2")).acks("2");
  CHECK(two_acked.outcome().messages == std::vector<std::uint64_t>{1, 2});
}

TEST_CASE("another message takes the place of one that matches no longer") {
  LedgerWorld waiting;
  auto& world = waiting.world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2"});
  // Message 1 is seen as ready and taken before the await is checked. Message 2 was not needed until then.
  const auto ready =
      waiting.awaits_for(MessageCondition{.match = {.queue = TextMatch{"q"}, .state = MessageState::ready}});
  CHECK(ready.holds());
  const auto unacked = waiting.awaits_for(MessageCondition{.match = {.state = MessageState::unacked}, .count = 2});
  alice.gets("q", message("1")).requeues("1").gets("q", redelivered("1"));
  CHECK_FALSE(unacked.has_ended());
  alice.gets("q", message("2"));
  CHECK(unacked.holds());
}

TEST_CASE("a message is matched by all that was published") {
  LedgerWorld waiting;
  auto alice = waiting.world.connect();
  AwaitArguments headers;
  headers.int32("retries", 3).string("kind", "order");
  alice.declares("q").publishes("q", Publication{.body = R"({"id":5,"name":"x"})",
                                                 .properties = {.headers = headers.table(), .correlation_id = "abc"}});
  const auto matches = [&](const broker::MessageMatch& match) {
    const auto awaited = waiting.awaits_for(MessageCondition{.match = match});
    const auto holds = awaited.holds();
    waiting.awaits.cancel(awaited.number);
    return holds;
  };
  using broker::JsonMatch;
  CHECK(matches({}));
  CHECK(matches({.exchange = TextMatch{""}}));
  CHECK_FALSE(matches({.exchange = TextMatch{"amq.topic"}}));
  CHECK(matches({.queue = TextMatch{"q"}}));
  CHECK_FALSE(matches({.queue = TextMatch{"r"}}));
  CHECK(matches({.body = TextMatch{R"({"id":5,"name":"x"})"}}));
  CHECK_FALSE(matches({.body = TextMatch{"id"}}));
  CHECK(matches({.body = TextMatch{broker::Pattern{"\"id\":[0-9]"}}}));
  CHECK(matches({.json = JsonMatch::of_text(R"({"id":5})")}));
  CHECK_FALSE(matches({.json = JsonMatch::of_text(R"({"id":6})")}));
  CHECK(matches({.headers = JsonMatch::of_text(R"({"retries":3})")}));
  CHECK_FALSE(matches({.headers = JsonMatch::of_text(R"({"retries":4})")}));
  CHECK(matches({.headers = JsonMatch::of_text(R"({"kind":{"matches":"^ord"}})")}));
  CHECK(matches({.properties = JsonMatch::of_text(R"({"correlation_id":"abc"})")}));
  CHECK_FALSE(matches({.properties = JsonMatch::of_text(R"({"message_id":"abc"})")}));
  CHECK(matches({.state = MessageState::ready}));
  CHECK_FALSE(matches({.state = MessageState::acked}));
  CHECK_FALSE(matches({.queue = TextMatch{"r"}, .state = MessageState::ready}));
}

TEST_CASE("long bodies of JSON match as a whole") {
  LedgerWorld waiting;
  auto alice = waiting.world.connect();
  alice.declares("q").publishes("q", R"({"text":")" + std::string(20'000, 'x') + R"(","id":5})");
  CHECK(waiting.awaits_for(MessageCondition{.match = {.json = broker::JsonMatch::of_text(R"({"id":5})")}}).holds());
}

TEST_CASE("an await for a queue ends with its numbers") {
  LedgerWorld waiting;
  auto alice = waiting.world.connect();
  const auto is_there = waiting.awaits_for(QueueCondition{.name = "q"});
  const auto two_ready = waiting.awaits_for(QueueCondition{.name = "q", .ready = WantedNumber{2}});
  const auto has_consumer = waiting.awaits_for(QueueCondition{.name = "q", .consumers = at_least(1)});
  const auto empty = waiting.awaits_for(
      QueueCondition{.name = "q", .ready = WantedNumber{0}, .unacked = WantedNumber{0}, .consumers = at_least(1)});
  CHECK_FALSE(is_there.has_ended());
  alice.declares("q");
  CHECK(is_there.holds());
  alice.publishes("q", "1");
  CHECK_FALSE(two_ready.has_ended());
  alice.publishes("q", "2");
  CHECK(two_ready.holds());
  alice.consumes("q").receives("1", "2");
  CHECK(has_consumer.holds());
  CHECK(has_consumer.outcome().numbers
        == decltype(broker::AwaitOutcome::numbers){{"ready", 0}, {"unacked", 2}, {"consumers", 1}});
  CHECK_FALSE(empty.has_ended());
  alice.acks_all();
  CHECK(empty.holds());
}

TEST_CASE("an await for connections counts those that are open") {
  LedgerWorld waiting;
  auto& world = waiting.world;
  const auto two = waiting.awaits_for(ConnectionsCondition{.count = WantedNumber{2}});
  const auto worker = waiting.awaits_for(ConnectionsCondition{.name = TextMatch{"worker"}, .count = at_least(1)});
  auto alice = world.connect();
  CHECK_FALSE(two.has_ended());
  auto bob = world.connect({.name = "worker"});
  CHECK(two.holds());
  CHECK(worker.holds());
  const auto none = waiting.awaits_for(ConnectionsCondition{.count = WantedNumber{0}});
  alice.closes();
  CHECK_FALSE(none.has_ended());
  bob.vanishes();
  CHECK(none.holds());
}

TEST_CASE("an await times out by the real time also while the broker's clock stands still") {
  LedgerWorld waiting;
  auto& world = waiting.world;
  world.broker().context().clock().freeze();
  const auto awaited = waiting.awaits_for(for_key("q"), 5s);
  waiting.advance(5s - 1ms);
  CHECK_FALSE(awaited.has_ended());
  waiting.advance(1ms);
  CHECK(awaited.timed_out());
  CHECK(waiting.awaits.count() == 0);
}

TEST_CASE("a cancelled await is never told") {
  LedgerWorld waiting;
  auto alice = waiting.world.connect();
  const auto cancelled = waiting.awaits_for(for_key("q"));
  const auto other = waiting.awaits_for(for_key("q"));
  waiting.awaits.cancel(cancelled.number);
  waiting.awaits.cancel(cancelled.number);
  alice.publishes("q", "m");
  waiting.advance(10s);
  CHECK_FALSE(cancelled.has_ended());
  CHECK(other.holds());
}

TEST_CASE("who is told of an outcome may wait for the next") {
  LedgerWorld waiting;
  auto alice = waiting.world.connect();
  int told = 0;
  const auto both = [&](const auto& self, int left) -> void {
    waiting.awaits.add({.condition = for_key("q", static_cast<std::uint64_t>(3 - left)), .scope = "/"},
                       [&, left](const broker::AwaitOutcome& outcome) {
                         CHECK(outcome.is == broker::AwaitOutcome::Is::holds);
                         ++told;
                         if (left > 0) self(self, left - 1);
                       });
  };
  both(both, 2);
  alice.publishes("q", {"1", "2", "3"});
  CHECK(told == 3);
}

TEST_CASE("an await without a scope is about all virtual hosts") {
  LedgerWorld waiting;
  auto alice = waiting.world.connect();
  waiting.world.broker().add_virtual_host("scope");
  const auto in_scope = waiting.adds({.condition = for_key("q"), .scope = "scope"});
  const auto anywhere = waiting.adds({.condition = for_key("q")});
  alice.publishes("q", "m");
  CHECK(anywhere.holds());
  CHECK_FALSE(in_scope.has_ended());
}

TEST_CASE("an await cannot hold once its scope has ended") {
  LedgerWorld waiting;
  waiting.world.broker().add_virtual_host("scope");
  const auto awaited = waiting.adds({.condition = for_key("q"), .scope = "scope"});
  CHECK_FALSE(awaited.has_ended());
  waiting.ledger.forget("scope");
  waiting.world.settle();
  CHECK(awaited.cannot_hold());
  CHECK(awaited.reason() == "a message for 'q': the scope 'scope' has ended; wait before you end it");
}

TEST_CASE("a scope is quiet after some time without events") {
  LedgerWorld waiting;
  auto& world = waiting.world;
  auto alice = world.connect();
  const auto quiet = waiting.awaits_for(QuietCondition{.time = 200ms});
  waiting.advance(100ms);
  alice.publishes("q", "m");
  waiting.advance(199ms);
  CHECK_FALSE(quiet.has_ended());
  waiting.advance(1ms);
  CHECK(quiet.holds());
  CHECK(waiting.awaits_for(QuietCondition{.time = 200ms}).holds());
  const auto from_now = waiting.awaits_for(QuietCondition{.time = 200ms}, 5s, Await::From::now);
  waiting.advance(199ms);
  CHECK_FALSE(from_now.has_ended());
  waiting.advance(1ms);
  CHECK(from_now.holds());
}

TEST_CASE("a hundred thousand messages do not make a long turn") {
  LedgerWorld waiting{{.encoding = Encoding::amqp}};
  auto& world = waiting.world;
  auto alice = world.connect();
  alice.declares("q");
  const std::vector<std::string> batch(1'000, "m");
  for (int i = 0; i < 100; ++i) {
    for (const auto& body : batch)
      alice.end().send(
          {.channel = 1, .method = basic::Publish{.routing_key = "q"}, .content = protocol::Content{.body = body}});
    world.settle();
  }
  alice.publishes("q", "last");
  REQUIRE(waiting.ledger.message_count() == 100'001);
  const auto last = waiting.awaits_for(MessageCondition{.match = {.body = TextMatch{"last"}}});
  CHECK(last.outcome().messages == std::vector<std::uint64_t>{100'001});
  std::vector<Awaited> all;
  for (int i = 0; i < 10; ++i)
    all.push_back(waiting.awaits_for(
        MessageCondition{.match = {.body = TextMatch{broker::Pattern{"never"}}, .state = MessageState::acked}}));
  world.postpone_turns();
  waiting.advance(5s);
  auto& budget = world.broker().context().backlog().budget();
  while (world.broker().deadline() <= world.now()) {
    world.broker().tick(world.now());
    // A slice may take a little more than it has, but not a list of messages more.
    CHECK(budget.left() > -broker::Backlog::slice_steps);
  }
  for (const auto& awaited : all) CHECK(awaited.timed_out());
}

}  // namespace pocketmq::tests
