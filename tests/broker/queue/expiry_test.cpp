// Time to live: when messages end, and which of them are still counted.
#include "broker/session/broker.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

Publication living(std::string_view milliseconds, std::string_view body) {
  return {.body = body, .properties = {.expiration = milliseconds}};
}

}  // namespace

TEST_CASE("a message ends when its time has come and nobody asks") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", living("100", "m"));
  world.advance(99ms);
  CHECK(world.queue("q").ready() == 1);
  world.advance(1ms);
  CHECK(world.queue("q").ready() == 0);
  alice.gets_nothing("q");
}

TEST_CASE("messages end one by one at their own times") {
  World world;
  auto alice = world.connect();
  alice.declares("q");
  alice.publishes("q", living("100", "1")).publishes("q", living("200", "2")).publishes("q", living("300", "3"));
  world.advance(250ms);
  alice.finds("q", {.messages = 1}).gets("q", "3");
  world.advance(10min);
  alice.acks("3").is_fine();
}

TEST_CASE("a time to live of 0 reaches a consumer that waits") {
  World world;
  auto alice = world.connect();
  alice.declares("q").consumes("q").publishes("q", living("0", "now"));
  alice.receives(message("now").with({.expiration = "0"}));
  alice.requeues("now").receives_nothing();
  CHECK(world.queue("q").unacked() == 0);
}

TEST_CASE("a time to live of 0 without a free consumer ends at once") {
  World world;
  auto alice = world.connect();
  alice.declares("q");
  SECTION("none is there") {}
  SECTION("its prefetch is full") { alice.prefetches(1).consumes("q").publishes("q", "1").receives("1"); }
  alice.publishes("q", {.body = "now", .properties = {.expiration = "0"}, .mandatory = true}).receives_nothing();
  alice.gets_nothing("q");
  CHECK(world.queue("q").ready() == 0);
}

TEST_CASE("a message that has ended behind a longer-lived one is counted until it comes first") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", "keep").publishes("q", living("100", "behind")).publishes("q", "last");
  world.advance(10min);
  alice.finds("q", {.messages = 3});
  SECTION("when one gets the first") {
    alice.gets("q", message("keep").leaving(1)).finds("q", {.messages = 1}).gets("q", "last");
  }
  SECTION("when a consumer takes the first") { alice.consumes("q").receives("keep", "last"); }
  SECTION("when the queue is purged") { alice.purges("q", 3); }
}

TEST_CASE("a get takes the first that has not ended") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", "0").publishes("q", living("100", "1")).publishes("q", living("100", "2"));
  alice.publishes("q", living("300", "3")).gets("q", "0");
  world.advance(200ms);
  alice.gets("q", message("3").leaving(0));
}

TEST_CASE("a consumer that becomes free takes the first that has not ended") {
  World world;
  auto alice = world.connect();
  alice.declares("q").prefetches(1).consumes("q").publishes("q", "0").receives("0");
  alice.publishes("q", living("100", "1")).publishes("q", living("300", "2"));
  world.advance(200ms);
  alice.acks("0").receives("2");
}

TEST_CASE("a requeued message keeps its end") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", living("300", "m")).gets("q", "m");
  SECTION("that is still to come") {
    world.advance(200ms);
    alice.requeues("m").gets("q", redelivered(message("m").with({.expiration = "300"}))).requeues("m");
    world.advance(99ms);
    CHECK(world.queue("q").ready() == 1);
    world.advance(1ms);
    CHECK(world.queue("q").ready() == 0);
  }
  SECTION("that has passed") {
    world.advance(300ms);
    alice.requeues("m").gets_nothing("q");
    CHECK(world.queue("q").ready() == 0);
  }
}

TEST_CASE("a queue's messages live as long as it says and no longer than they say") {
  World world;
  auto alice = world.connect();
  const auto arguments = protocol::FieldTableWriter{}.int32("x-message-ttl", 100);
  alice.declares({.queue = "q", .arguments = arguments.table()});
  alice.publishes("q", living("50", "1")).publishes("q", "2").publishes("q", living("10000", "3"));
  world.advance(50ms);
  alice.finds("q", {.messages = 2});
  world.advance(50ms);
  alice.finds("q", {.messages = 0});
}

TEST_CASE("a queue whose messages live for 0 gives them to consumers that wait") {
  World world;
  auto alice = world.connect();
  const auto arguments = protocol::FieldTableWriter{}.int32("x-message-ttl", 0);
  alice.declares({.queue = "q", .arguments = arguments.table()}).publishes("q", "1").consumes("q").publishes("q", "2");
  alice.receives("2");
}

TEST_CASE("a message does not end while it is unacked") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", living("100", "m")).gets("q", "m");
  world.advance(10min);
  CHECK(world.queue("q").unacked() == 1);
  alice.acks("m").is_fine();
}

TEST_CASE("a requeued message ends at the head of a queue whose others live longer") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", living("1000", "1")).publishes("q", living("60000", "2")).gets("q", "1");
  alice.requeues("1");
  world.advance(1s);
  CHECK(world.queue("q").ready() == 1);
  world.advance(59s);
  CHECK(world.queue("q").ready() == 0);
}

TEST_CASE("a message that ended unacked lets the next ones end") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", living("100", "1")).publishes("q", living("200", "2")).gets("q", "1");
  world.advance(150ms);
  alice.vanishes();
  CHECK(world.queue("q").ready() == 1);
  world.advance(50ms);
  CHECK(world.queue("q").ready() == 0);
}

TEST_CASE("queues end their messages independently") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares("r").publishes("q", living("200", "1")).publishes("r", living("100", "2"));
  world.advance(100ms);
  CHECK(world.queue("q").ready() == 1);
  CHECK(world.queue("r").ready() == 0);
  alice.deletes("r").publishes("q", living("50", "behind"));
  world.advance(100ms);
  CHECK(world.queue("q").ready() == 0);
}

TEST_CASE("a queue that is deleted or purged leaves nothing to wait for") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", living("100", "m"));
  SECTION("deleted") { alice.deletes("q", 1); }
  SECTION("purged") { alice.purges("q", 1); }
  world.advance(1s);
  CHECK(world.broker().deadline() == TimePoint::max());
}

TEST_CASE("an expiration is whole milliseconds up to ten years") {
  World world;
  auto alice = world.connect();
  const std::string text = GENERATE(as<std::string>{}, "1", "+1", "007", "4294967296", "315360000000");
  alice.declares("q").publishes("q", living(text, "m")).gets("q", message("m").with({.expiration = text}));
}

TEST_CASE("any other expiration is refused") {
  World world;
  auto alice = world.connect();
  const std::string text = GENERATE(as<std::string>{}, "", "abc", "-1", "+-1", "++1", "1.5", "1 ", " 1", "0x10", "1e3",
                                    "315360000001", "9223372036854775808", "99999999999999999999");
  alice.declares("q").publishes("q", living(text, "m"));
  alice.channel_is_closed(ReplyCode::precondition_failed,
                          "PRECONDITION_FAILED - invalid expiration '" + text
                              + "': write the message's time to live in whole milliseconds, such as '60000', up to ten "
                                "years");
  CHECK(world.queue("q").ready() == 0);
}

TEST_CASE("a message of ten years lives ten years") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", living("315360000000", "m"));
  world.advance(std::chrono::milliseconds{315'359'999'999});
  CHECK(world.queue("q").ready() == 1);
  world.advance(1ms);
  CHECK(world.queue("q").ready() == 0);
}

}  // namespace pocketmq::tests
