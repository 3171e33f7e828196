// Acks: which delivery tags are known, and what becomes of a message.
#include "broker/queue/queue.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

// A client that has been delivered 1, 2, 3 under the same tags.
Client with_three_deliveries(World& world) {
  return world.connect().declares("q").publishes("q", {"1", "2", "3"}).consumes("q").receives("1", "2", "3");
}

std::string unknown(int tag) { return "PRECONDITION_FAILED - unknown delivery tag " + std::to_string(tag); }

}  // namespace

TEST_CASE("an acked message is gone") {
  World world;
  auto alice = with_three_deliveries(world);
  SECTION("one") { CHECK((alice.acks("2"), world.queue("q").unacked()) == 2); }
  SECTION("all up to one") { CHECK((alice.acks_up_to("2"), world.queue("q").unacked()) == 1); }
  SECTION("all") { CHECK((alice.acks_all(), world.queue("q").unacked()) == 0); }
  SECTION("one and all up to a later one") {
    alice.acks("1").acks_up_to("3");
    CHECK(world.queue("q").unacked() == 0);
  }
  CHECK(world.queue("q").ready() == 0);
  alice.is_fine();
}

TEST_CASE("a message rejected without requeue is gone") {
  World world;
  auto alice = with_three_deliveries(world);
  alice.rejects("2").sends(basic::Nack{.delivery_tag = 3, .multiple = true, .requeue = false}).is_fine();
  CHECK(world.queue("q").unacked() == 0);
  CHECK(world.queue("q").ready() == 0);
}

TEST_CASE("an ack of what is not outstanding closes the channel") {
  World world;
  auto alice = with_three_deliveries(world);
  const auto [method, tag] = GENERATE(table<protocol::Method, int>({
      {basic::Ack{.delivery_tag = 99}, 99},
      {basic::Ack{.delivery_tag = 0}, 0},
      {basic::Ack{.delivery_tag = 4, .multiple = true}, 4},
      {basic::Nack{.delivery_tag = 99, .multiple = false, .requeue = true}, 99},
      {basic::Nack{.delivery_tag = 0, .multiple = false, .requeue = true}, 0},
      {basic::Nack{.delivery_tag = 4, .multiple = true, .requeue = true}, 4},
      {basic::Reject{.delivery_tag = 99, .requeue = true}, 99},
      {basic::Reject{.delivery_tag = 0, .requeue = true}, 0},
  }));
  alice.sends(method).channel_is_closed(ReplyCode::precondition_failed, unknown(tag));
  CHECK(world.queue("q").ready() == 3);
}

TEST_CASE("a delivery is acked once") {
  World world;
  auto alice = with_three_deliveries(world);
  const auto [first, second, tag] = GENERATE(table<protocol::Method, protocol::Method, int>({
      {basic::Ack{.delivery_tag = 1}, basic::Ack{.delivery_tag = 1}, 1},
      {basic::Ack{.delivery_tag = 2, .multiple = true}, basic::Ack{.delivery_tag = 2, .multiple = true}, 2},
      {basic::Ack{.delivery_tag = 2}, basic::Ack{.delivery_tag = 2, .multiple = true}, 2},
      {basic::Ack{.delivery_tag = 3}, basic::Nack{.delivery_tag = 3, .multiple = true, .requeue = true}, 3},
      {basic::Ack{.multiple = true}, basic::Ack{.delivery_tag = 1}, 1},
      {basic::Ack{.multiple = true}, basic::Ack{.delivery_tag = 5, .multiple = true}, 5},
      {basic::Reject{.delivery_tag = 1}, basic::Reject{.delivery_tag = 1}, 1},
  }));
  alice.sends(first).receives_nothing().sends(second).channel_is_closed(ReplyCode::precondition_failed, unknown(tag));
}

TEST_CASE("acking all with nothing outstanding is fine") {
  World world;
  auto alice = world.connect();
  alice.acks_all().requeues_all().is_fine();
}

TEST_CASE("what was delivered without acks cannot be acked") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2"});
  SECTION("a get") {
    alice.sends(basic::Get{.queue = "q", .no_ack = true});
    CHECK(alice.answer<basic::GetOk>().body == "1");
  }
  SECTION("a consumer") { alice.consumes({.queue = "q", .no_ack = true}).receives("1", "2"); }
  CHECK(world.queue("q").unacked() == 0);
  alice.acks("1").channel_is_closed(ReplyCode::precondition_failed, unknown(1));
}

TEST_CASE("multiple stops at a delivery without acks") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2", "3"}).gets("q", "1");
  alice.sends(basic::Get{.queue = "q", .no_ack = true});
  CHECK(alice.answer<basic::GetOk>().body == "2");
  alice.gets("q", "3").sends(basic::Ack{.delivery_tag = 2, .multiple = true});
  alice.channel_is_closed(ReplyCode::precondition_failed, unknown(2));
}

TEST_CASE("delivery tags are their channel's own") {
  World world;
  auto alice = world.connect();
  auto second = alice.opens_channel(2);
  alice.declares("q").publishes("q", "1").gets("q", "1");
  second.sends(basic::Ack{.delivery_tag = 1}).channel_is_closed(ReplyCode::precondition_failed, unknown(1));
  alice.acks("1").is_fine();
}

TEST_CASE("deliveries of a deleted queue can be settled once") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2", "3"}).consumes("q", "a").receives("1", "2", "3");
  world.connect().deletes("q");
  alice.is_cancelled("a").acks("1").requeues("2").rejects("3").is_fine();
  alice.acks("1").channel_is_closed(ReplyCode::precondition_failed, unknown(1));
}

TEST_CASE("what is requeued to a deleted queue does not turn up in its successor") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", "old").gets("q", "old").deletes("q").declares("q").requeues("old");
  alice.gets_nothing("q").publishes("q", "new").gets("q", message("new").leaving(0));
}

}  // namespace pocketmq::tests
