// basic.consume and basic.cancel: tags, exclusiveness, answers.
#include "broker/queue/queue.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

std::string tag_in(const Received& consume_ok) {
  return std::string{std::get<basic::ConsumeOk>(consume_ok.method).consumer_tag};
}

}  // namespace

TEST_CASE("a consumer without a tag gets one that nobody else has") {
  World world;
  auto alice = world.connect();
  alice.declares("q");
  const auto first = tag_in(alice.sends(basic::Consume{.queue = "q"}).answer<basic::ConsumeOk>());
  const auto second = tag_in(alice.sends(basic::Consume{.queue = "q"}).answer<basic::ConsumeOk>());
  CHECK_THAT(first, Catch::Matches("amq\\.ctag-[A-Za-z0-9_-]{22}"));
  CHECK_THAT(second, Catch::Matches("amq\\.ctag-[A-Za-z0-9_-]{22}"));
  CHECK(first != second);
  alice.publishes("q", {"1", "2"}).receives(message("1").to(first), message("2").to(second));
}

TEST_CASE("a consumer keeps the tag that its client chose") {
  World world;
  auto alice = world.connect();
  const std::string longest(255, 't');
  alice.declares("q").declares("r").declares("s");
  alice.sends(basic::Consume{.queue = "q", .consumer_tag = "mine"})
      .is_answered(basic::ConsumeOk{.consumer_tag = "mine"});
  alice.sends(basic::Consume{.queue = "r", .consumer_tag = longest})
      .is_answered(basic::ConsumeOk{.consumer_tag = longest});
  alice.sends(basic::Consume{.queue = "s", .consumer_tag = "amq.ctag-x"})
      .is_answered(basic::ConsumeOk{.consumer_tag = "amq.ctag-x"});
  alice.publishes("r", "1").publishes("q", "2").publishes("s", "3");
  alice.receives(message("1").to(longest), message("2").to("mine"), message("3").to("amq.ctag-x"));
}

TEST_CASE("consume-ok comes before the first delivery") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", "1").sends(basic::Consume{.queue = "q"});
  REQUIRE(alice.end().inbox().size() == 2);
  CHECK(std::holds_alternative<basic::ConsumeOk>(alice.end().inbox().front().method));
}

TEST_CASE("a tag is used once on a channel") {
  World world;
  auto alice = world.connect();
  auto second = alice.opens_channel(2);
  alice.declares("q").declares("r").consumes("q", "a");
  second.consumes("q", "a");
  alice.sends(basic::Consume{.queue = "r", .consumer_tag = "a"})
      .connection_is_closed(ReplyCode::not_allowed, "NOT_ALLOWED - attempt to reuse consumer tag 'a'");
}

TEST_CASE("consume and cancel without waiting are not answered") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", "1");
  alice.consumes({.queue = "q", .consumer_tag = "a", .no_wait = true}).receives(message("1").to("a"));
  alice.sends(basic::Cancel{.consumer_tag = "a", .no_wait = true}).receives_nothing();
  alice.publishes("q", "2").receives_nothing();
}

TEST_CASE("a cancelled consumer gets nothing more and what it holds can be acked") {
  World world;
  auto alice = world.connect();
  alice.declares("q").prefetches(2).consumes("q", "a").publishes("q", {"1", "2", "3", "4"}).receives("1", "2");
  alice.cancels("a").acks("1").receives_nothing().finds("q", {.messages = 2, .consumers = 0});
  alice.requeues("2").gets("q", redelivered("2")).gets("q", "3");
  CHECK(world.queue("q").unacked() == 2);
}

TEST_CASE("cancelling an unknown tag is answered") {
  World world;
  auto alice = world.connect();
  alice.cancels("nobody").is_fine();
  alice.sends(basic::Cancel{.consumer_tag = "nobody", .no_wait = true}).is_fine();
}

TEST_CASE("a cancel on another channel cancels nothing") {
  World world;
  auto alice = world.connect();
  alice.declares("q").consumes("q", "a");
  alice.opens_channel(2).cancels("a");
  alice.publishes("q", "1").receives("1");
}

TEST_CASE("an exclusively consumed queue takes no other consumer") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares("q").consumes({.queue = "q", .consumer_tag = "a", .exclusive = true});
  const bool exclusive = GENERATE(false, true);
  const auto refused = "ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use";
  SECTION("of another connection") {
    bob.sends(basic::Consume{.queue = "q", .exclusive = exclusive});
    bob.channel_is_closed(ReplyCode::access_refused, refused);
  }
  SECTION("of another channel") {
    auto second = alice.opens_channel(2);
    second.sends(basic::Consume{.queue = "q", .exclusive = exclusive});
    second.channel_is_closed(ReplyCode::access_refused, refused);
  }
  alice.publishes("q", "1").receives(message("1").to("a"));
}

TEST_CASE("an exclusive consumer does not join others") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares("q").consumes("q");
  bob.sends(basic::Consume{.queue = "q", .exclusive = true})
      .channel_is_closed(ReplyCode::access_refused, "ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use");
}

TEST_CASE("an exclusive consumer that has left makes room") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares("q").consumes({.queue = "q", .consumer_tag = "a", .exclusive = true});
  SECTION("cancelled") { alice.cancels("a"); }
  SECTION("lost") { alice.vanishes(); }
  bob.consumes("q").consumes("q").publishes("q", "1").receives("1");
}

TEST_CASE("an exclusively consumed queue may be gotten from and purged") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares("q").prefetches(1).consumes({.queue = "q", .exclusive = true});
  bob.publishes("q", {"1", "2", "3"}).gets("q", "2").purges("q", 1);
  alice.receives("1");
}

TEST_CASE("consume arguments and no_local change nothing") {
  World world;
  auto alice = world.connect();
  protocol::FieldTableWriter arguments;
  arguments.string("unknown", "argument");
  alice.declares("q").consumes({.queue = "q", .no_local = true, .arguments = arguments.table()});
  alice.publishes("q", "mine").receives("mine");
}

TEST_CASE("prefetch_size is not implemented") {
  World world;
  world.connect()
      .sends(basic::Qos{.prefetch_size = 1})
      .connection_is_closed(ReplyCode::not_implemented, "NOT_IMPLEMENTED - prefetch_size!=0 (1)");
}

TEST_CASE("a get tells how many messages are left") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2", "3"});
  alice.gets("q", message("1").leaving(2)).gets("q", message("2").leaving(1)).requeues("1");
  alice.gets("q", redelivered(message("1").leaving(1))).gets("q", message("3").leaving(0)).gets_nothing("q");
}

}  // namespace pocketmq::tests
