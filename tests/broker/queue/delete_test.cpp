// How queues are emptied and how they end.
#include "broker/queue/queue.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {

TEST_CASE("purge drops what is ready and counts it") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2", "3"}).gets("q", "1").purges("q", 2).purges("q", 0);
  alice.requeues("1").gets("q", redelivered(message("1").leaving(0)));
}

TEST_CASE("purge without waiting is not answered") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", "1").sends(queue::Purge{.queue = "q", .no_wait = true}).receives_nothing();
  CHECK(world.queue("q").ready() == 0);
}

TEST_CASE("what is not there cannot be purged consumed or gotten from") {
  World world;
  const auto method = GENERATE(values<protocol::Method>({
      queue::Purge{.queue = "q"},
      queue::Purge{.queue = "q", .no_wait = true},
      basic::Consume{.queue = "q"},
      basic::Consume{.queue = "q", .no_wait = true},
      basic::Get{.queue = "q"},
  }));
  world.connect().sends(method).channel_is_closed(ReplyCode::not_found, "NOT_FOUND - no queue 'q' in vhost '/'");
}

TEST_CASE("delete counts the ready messages that it drops") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2", "3"}).gets("q", "1").deletes("q", 2);
  CHECK_FALSE(world.has_queue("q"));
  alice.acks("1").is_fine();
}

TEST_CASE("delete without waiting is not answered") {
  World world;
  auto alice = world.connect();
  alice.declares("q").sends(queue::Delete{.queue = "q", .no_wait = true}).receives_nothing();
  CHECK_FALSE(world.has_queue("q"));
}

TEST_CASE("deleting what is not there is fine") {
  World world;
  auto alice = world.connect();
  alice.deletes("q").deletes("amq.mine");
  alice.sends(queue::Delete{.queue = "q", .if_unused = true, .if_empty = true}).is_answered(queue::DeleteOk{});
}

TEST_CASE("a queue in use is not deleted if unused is asked for and nothing changes") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares("q").prefetches(1).consumes("q").publishes("q", {"1", "2"}).receives("1");
  const bool if_empty = GENERATE(false, true);  // looked at after if_unused
  bob.sends(queue::Delete{.queue = "q", .if_unused = true, .if_empty = if_empty})
      .channel_is_closed(ReplyCode::precondition_failed, "PRECONDITION_FAILED - queue 'q' in vhost '/' in use");
  alice.finds("q", {.messages = 1, .consumers = 1}).acks("1").receives("2");
}

TEST_CASE("a queue with messages is not deleted if empty is asked for and nothing changes") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares("q").publishes("q", {"1", "2"});
  bob.sends(queue::Delete{.queue = "q", .if_empty = true})
      .channel_is_closed(ReplyCode::precondition_failed, "PRECONDITION_FAILED - queue 'q' in vhost '/' not empty");
  alice.gets("q", "1").gets("q", "2");
}

TEST_CASE("an unused and empty queue is deleted where that is asked for") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", "1").gets("q", "1");  // what is unacked does not count
  alice.sends(queue::Delete{.queue = "q", .if_unused = true, .if_empty = true}).is_answered(queue::DeleteOk{});
  CHECK_FALSE(world.has_queue("q"));
}

TEST_CASE("consumers of a deleted queue are cancelled") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  auto second = alice.opens_channel(2);
  alice.declares("q").consumes("q", "a").consumes("q", "b");
  second.consumes("q", "c");
  bob.consumes("q", "d").sends(queue::Delete{.queue = "q"});
  CHECK(std::holds_alternative<queue::DeleteOk>(bob.end().inbox().front().method));  // first, as on RabbitMQ
  bob.is_answered(queue::DeleteOk{});
  alice.is_cancelled("a").is_cancelled("b").receives_nothing();
  second.is_cancelled("c").receives_nothing();
  bob.is_cancelled("d").receives_nothing();
}

TEST_CASE("a client that does not understand cancels is not told of them") {
  World world;
  auto alice = world.connect({.understands_cancel = false});
  alice.declares("q").consumes("q", "a");
  world.connect().deletes("q");
  alice.receives_nothing().cancels("a").is_fine();
}

TEST_CASE("a cancelled consumer's tag is free again") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares("r").consumes("q", "a").deletes("q").is_cancelled("a");
  alice.consumes("r", "a").publishes("r", "1").receives(message("1").to("a"));
}

TEST_CASE("an auto-delete queue goes with its last consumer") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares({.queue = "q", .auto_delete = true}).consumes("q", "a");
  bob.consumes("q", "b").cancels("b");
  CHECK(world.has_queue("q"));
  SECTION("when it is cancelled") { alice.cancels("a").receives_nothing(); }
  SECTION("when its channel is closed") { alice.closes_channel(); }
  SECTION("when its connection is closed") { alice.closes(); }
  SECTION("when its connection is lost") { alice.vanishes(); }
  CHECK_FALSE(world.has_queue("q"));
}

TEST_CASE("an auto-delete queue waits for its first consumer") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares({.queue = "q", .auto_delete = true}).publishes("q", "1").gets("q", "1").acks("1").gets_nothing("q");
  alice.closes();
  bob.finds("q", {});
}

TEST_CASE("an auto-delete queue may be deleted while it is consumed") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares({.queue = "q", .auto_delete = true}).consumes("q", "a").consumes("q", "b");
  bob.consumes("q", "c").deletes("q").is_cancelled("c").is_fine();
  alice.is_cancelled("a").is_cancelled("b").is_fine();
  CHECK_FALSE(world.has_queue("q"));
}

TEST_CASE("what is unacked does not keep an auto-delete queue") {
  World world;
  auto alice = world.connect();
  alice.declares({.queue = "q", .auto_delete = true}).consumes("q", "a").publishes("q", {"1", "2"});
  alice.receives("1", "2").cancels("a");
  CHECK_FALSE(world.has_queue("q"));
  alice.acks("1").requeues("2").is_fine();
}

TEST_CASE("an exclusive auto-delete queue with unacked messages goes with its connection") {
  World world;
  auto alice = world.connect();
  alice.declares({.queue = "q", .exclusive = true, .auto_delete = true}).consumes("q", "a").consumes("q", "b");
  alice.publishes("q", {"1", "2", "3"}).receives("1", "2", "3");
  SECTION("closed") { alice.closes(); }
  SECTION("lost") { alice.vanishes(); }
  CHECK_FALSE(world.has_queue("q"));
}

}  // namespace pocketmq::tests
