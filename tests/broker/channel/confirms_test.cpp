// Publisher confirms: each publish is told of once, when all its queues have it, and together with others where that
// can be said.
#include "broker/channel/confirms.hpp"

#include "broker/queue/queue.hpp"
#include "broker/session/session.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using Told = std::vector<std::string>;

// "ack 3+" tells of all up to 3.
Told told_by(broker::Confirms& confirms) {
  Told told;
  confirms.report([&](const protocol::Method& method) {
    if (const auto* ack = std::get_if<basic::Ack>(&method))
      told.push_back("ack " + std::to_string(ack->delivery_tag) + (ack->multiple ? "+" : ""));
    if (const auto* nack = std::get_if<basic::Nack>(&method))
      told.push_back("nack " + std::to_string(nack->delivery_tag) + (nack->multiple ? "+" : ""));
  });
  return told;
}

// Confirms that await one queue for each of the publishes 1 to `count`.
broker::Confirms awaiting(std::uint64_t count) {
  broker::Confirms confirms;
  for (std::uint64_t publish = 1; publish <= count; ++publish) REQUIRE(confirms.expect(1) == publish);
  return confirms;
}

}  // namespace

TEST_CASE("a publish is acked once all its queues have it") {
  broker::Confirms confirms;
  const auto publish = confirms.expect(3);
  confirms.accepted(publish);
  confirms.accepted(publish);
  CHECK_FALSE(confirms.has_news());
  CHECK(told_by(confirms).empty());
  confirms.accepted(publish);
  CHECK(told_by(confirms) == Told{"ack 1"});
  CHECK(told_by(confirms).empty());
}

TEST_CASE("a publish without queues is acked at once") {
  broker::Confirms confirms;
  (void)confirms.expect(0);
  CHECK(told_by(confirms) == Told{"ack 1"});
}

TEST_CASE("what was settled since the last report is told together") {
  auto confirms = awaiting(5);
  for (const std::uint64_t publish : {2, 1, 3}) confirms.accepted(publish);
  CHECK(told_by(confirms) == Told{"ack 3+"});
  confirms.accepted(5);
  CHECK(told_by(confirms) == Told{"ack 5"});
  confirms.accepted(4);
  CHECK(told_by(confirms) == Told{"ack 4"});
}

TEST_CASE("an ack of many covers none that is open") {
  auto confirms = awaiting(6);
  for (const std::uint64_t publish : {1, 2, 4, 6}) confirms.accepted(publish);
  CHECK(told_by(confirms) == Told{"ack 2+", "ack 4", "ack 6"});
  confirms.accepted(5);
  confirms.accepted(3);
  CHECK(told_by(confirms) == Told{"ack 5+"});
}

TEST_CASE("an ack of many covers none that was refused") {
  auto confirms = awaiting(6);
  confirms.accepted(1);
  confirms.accepted(2);
  confirms.refused(3);
  confirms.refused(4);
  confirms.accepted(5);
  CHECK(told_by(confirms) == Told{"ack 2+", "ack 5", "nack 3", "nack 4"});
  confirms.refused(6);
  CHECK(told_by(confirms) == Told{"nack 6+"});
}

TEST_CASE("a nack of many covers none that is open") {
  auto confirms = awaiting(4);
  for (const std::uint64_t publish : {1, 2, 4}) confirms.refused(publish);
  CHECK(told_by(confirms) == Told{"nack 2+", "nack 4"});
  confirms.accepted(3);
  CHECK(told_by(confirms) == Told{"ack 3"});
}

TEST_CASE("a publish that one queue refuses is nacked once whatever the others say") {
  broker::Confirms confirms;
  const auto publish = confirms.expect(3);
  confirms.accepted(publish);
  confirms.refused(publish);
  confirms.refused(publish);
  CHECK(told_by(confirms) == Told{"nack 1+"});
  confirms.accepted(publish);
  CHECK(told_by(confirms).empty());
}

TEST_CASE("what was published before confirms were asked for is not told of") {
  broker::Confirms confirms;
  confirms.accepted(0);
  confirms.refused(0);
  CHECK(told_by(confirms).empty());
}

TEST_CASE("publishes are confirmed in the order of their numbers from 1 on") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", "before").receives_nothing();
  alice.selects_confirms().publishes("q", "1").is_confirmed(1);
  alice.selects_confirms().publishes("q", "2").is_confirmed(2).receives_nothing();
  CHECK(world.queue("q").ready() == 3);
}

TEST_CASE("confirm.select without waiting is not answered") {
  World world;
  auto alice = world.connect();
  alice.sends(confirm::Select{.no_wait = true}).receives_nothing().publishes("nowhere", "m").is_confirmed(1);
}

TEST_CASE("publishes of one turn are confirmed together") {
  World world;
  auto alice = world.connect();
  alice.declares("q").selects_confirms().publishes_at_once("q", {"1", "2", "3"});
  alice.is_confirmed_up_to(3).receives_nothing().publishes("q", "4").is_confirmed(4);
}

TEST_CASE("channels count and confirm for themselves") {
  World world;
  auto alice = world.connect();
  auto second = alice.opens_channel(2), third = alice.opens_channel(3);
  alice.selects_confirms();
  third.selects_confirms();
  for (const auto number : std::initializer_list<std::uint16_t>{1, 2, 3, 1})
    alice.end().send({.channel = number, .method = basic::Publish{.routing_key = "q"}, .content = {{.body = "m"}}});
  world.settle();
  alice.is_confirmed_up_to(2).receives_nothing();
  third.is_confirmed(1).receives_nothing();
  second.receives_nothing();
}

TEST_CASE("an unroutable mandatory message is returned before it is confirmed") {
  World world;
  auto alice = world.connect();
  alice.declares("q").selects_confirms();
  alice.publishes("nowhere", {.body = "1", .mandatory = true}).is_returned("1").is_confirmed(1).receives_nothing();
  alice.publishes("q", {.body = "2", .mandatory = true}).is_confirmed(2).publishes("nowhere", "3").is_confirmed(3);
}

TEST_CASE("a message that ends at once is confirmed and not returned") {
  World world;
  auto alice = world.connect();
  alice.declares("q").selects_confirms();
  alice.publishes("q", {.body = "m", .properties = {.expiration = "0"}, .mandatory = true}).is_confirmed(1);
  alice.receives_nothing();
}

TEST_CASE("a publisher's own consumer gets the message before the confirm") {
  World world;
  auto alice = world.connect();
  alice.declares("q").consumes({.queue = "q", .no_ack = true}).selects_confirms().publishes("q", "m");
  REQUIRE(alice.end().inbox().size() == 2);
  CHECK(std::holds_alternative<basic::Deliver>(alice.end().inbox().front().method));
  alice.end().inbox().pop_front();
  alice.is_confirmed(1);
}

TEST_CASE("a publish that closes its channel is not confirmed and those before it are") {
  World world;
  auto alice = world.connect();
  alice.declares("q").selects_confirms();
  for (const auto* exchange : {"", "", "nowhere", ""})
    alice.end().send(
        {.channel = 1, .method = basic::Publish{.exchange = exchange, .routing_key = "q"}, .content = {{.body = "m"}}});
  world.settle();
  alice.is_confirmed_up_to(2).channel_is_closed(ReplyCode::not_found, "NOT_FOUND - no exchange 'nowhere' in vhost '/'");
  CHECK(world.queue("q").ready() == 2);
  alice.opens_channel(1).publishes("q", "m").receives_nothing();
}

TEST_CASE("what was published before a close is confirmed before it is answered") {
  World world;
  auto alice = world.connect();
  const auto publish = [&] {
    alice.end().send({.channel = 1, .method = basic::Publish{.routing_key = "q"}, .content = {{.body = "m"}}});
  };
  alice.declares("q").selects_confirms();
  SECTION("of the channel") {
    publish();
    alice.sends(channel::Close{}).is_confirmed(1).is_answered(channel::CloseOk{});
  }
  SECTION("of the connection") {
    publish();
    alice.on_channel(0).sends(connection::Close{});
    alice.is_confirmed(1).is_answered(connection::CloseOk{});
  }
  SECTION("of the connection by an error") {
    publish();
    alice.sends(channel::Open{}).is_confirmed(1);
    alice.connection_is_closed(ReplyCode::channel_error, "CHANNEL_ERROR - second 'channel.open' seen");
  }
}

TEST_CASE("confirms and transactions exclude each other") {
  World world;
  auto alice = world.connect();
  alice.opens_channel(2).selects_tx();
  SECTION("tx on a confirm channel") {
    alice.selects_confirms().sends(tx::Select{});
    alice.channel_is_closed(ReplyCode::precondition_failed,
                            "PRECONDITION_FAILED - cannot switch from confirm to tx mode");
  }
  SECTION("confirms on a tx channel") {
    alice.selects_tx().sends(confirm::Select{.no_wait = GENERATE(false, true)});
    alice.channel_is_closed(ReplyCode::precondition_failed,
                            "PRECONDITION_FAILED - cannot switch from tx to confirm mode");
  }
}

TEST_CASE("a client that does not read its confirms is not read from") {
  constexpr std::size_t answer_mark = 20'000;
  World world{{.options = {.limits = {.output_answer_bytes = answer_mark}}}};
  auto alice = world.connect();
  alice.selects_confirms().stops_reading();
  int published = 0;
  for (; alice.session().wants_input() && published < 10'000; ++published) alice.publishes("nowhere", "m");
  CHECK_FALSE(alice.session().wants_input());
  CHECK(alice.session().output().answers() > answer_mark);
  alice.reads_all();
  CHECK(alice.end().inbox().size() == static_cast<std::size_t>(published));
}

}  // namespace pocketmq::tests
