// How long a delivery may stay unacked.
#include "broker/queue/queue.hpp"
#include "broker/session/broker.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using Arguments = protocol::FieldTableWriter;

std::string timed_out(const std::string& milliseconds) {
  return "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: " + milliseconds
         + " ms. This timeout value can be configured, see consumers doc guide to learn more";
}

}  // namespace

TEST_CASE("a delivery may stay unacked for half an hour") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2"});
  SECTION("consumed") { alice.prefetches(1).consumes("q").receives("1"); }
  SECTION("gotten") { alice.gets("q", "1"); }
  world.advance(30min - 1ms);
  alice.receives_nothing();
  world.advance(1ms);
  alice.channel_is_closed(ReplyCode::precondition_failed, timed_out("1800000"));
  alice.opens_channel(1).gets("q", redelivered("1"));
}

TEST_CASE("the oldest delivery decides") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2", "3"}).gets("q", "1");
  world.advance(20min);
  alice.gets("q", "2").acks("1");
  world.advance(20min);
  alice.gets("q", "3").receives_nothing();
  world.advance(10min - 1ms);
  alice.receives_nothing();
  world.advance(1ms);
  alice.channel_is_closed(ReplyCode::precondition_failed, timed_out("1800000"));
}

TEST_CASE("deliveries that are acked in time or not at all never time out") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", "1").consumes({.queue = "q", .consumer_tag = "a"}).receives("1").acks("1");
  alice.cancels("a").consumes({.queue = "q", .no_ack = true}).publishes("q", "2").receives("2");
  world.advance(24h);
  alice.is_fine();
  CHECK(world.broker().deadline() == TimePoint::max());
}

TEST_CASE("a channel that times out leaves the others alone") {
  World world;
  auto alice = world.connect();
  auto second = alice.opens_channel(2);
  alice.declares("q").publishes("q", {"1", "2"}).gets("q", "1");
  world.advance(1min);
  second.gets("q", "2");
  world.advance(29min);
  alice.channel_is_closed(ReplyCode::precondition_failed, timed_out("1800000"));
  second.acks("2").is_fine();
}

TEST_CASE("a broker may have another timeout or none") {
  World world{{.options = {.consumer_timeout = GENERATE(0ms, 2'000ms)}}};
  auto alice = world.connect();
  const bool never = world.broker().context().options().consumer_timeout == 0ms;
  alice.declares("q").publishes("q", "1").gets("q", "1");
  world.advance(2s);
  if (never) {
    world.advance(24h);
    alice.is_fine();
  } else {
    alice.channel_is_closed(ReplyCode::precondition_failed, timed_out("2000"));
  }
}

TEST_CASE("what a transaction gives back is waited for again") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", "1").selects_tx().gets("q", "1").acks("1");
  world.advance(40min);
  alice.receives_nothing().rolls_back();
  world.advance(0s);
  alice.channel_is_closed(ReplyCode::precondition_failed, timed_out("1800000"));
}

TEST_CASE("a queue may have a timeout of its own") {
  World world;
  auto alice = world.connect();
  alice.declares({.queue = "q", .arguments = Arguments{}.int32("x-consumer-timeout", 5'000).table()});
  alice.declares("slow").publishes("slow", "1").publishes("q", "2").gets("slow", "1");
  world.advance(1min);
  alice.gets("q", "2");
  SECTION("while another queue's is the oldest") {
    world.advance(1min);
    alice.receives_nothing().acks("1");
    world.advance(5s);
    alice.channel_is_closed(ReplyCode::precondition_failed, timed_out("5000"));
  }
  SECTION("once it is the oldest") {
    alice.acks("1");
    world.advance(4'999ms);
    alice.receives_nothing();
    world.advance(1ms);
    alice.channel_is_closed(ReplyCode::precondition_failed, timed_out("5000"));
  }
}

}  // namespace pocketmq::tests
