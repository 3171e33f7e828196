// Messages come back: where to, in which order, and marked.
#include "broker/queue/queue.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {

TEST_CASE("requeued messages take their old places") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2", "3", "4", "5"});
  alice.gets("q", "1").gets("q", "2").gets("q", "3").gets("q", "4");
  alice.requeues("3").requeues("1").requeues("4");
  alice.gets("q", redelivered(message("1").leaving(3)));
  alice.gets("q", redelivered(message("3").leaving(2)));
  alice.gets("q", redelivered(message("4").leaving(1)));
  alice.gets("q", message("5").leaving(0)).gets_nothing("q");
}

TEST_CASE("a rejected message is requeued where that is asked for") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2"}).gets("q", "1");
  alice.sends(basic::Reject{.delivery_tag = 1, .requeue = true}).gets("q", redelivered("1"));
}

TEST_CASE("a closed channel gives its messages back in order") {
  World world;
  auto alice = world.connect();
  auto second = alice.opens_channel(2);
  alice.declares("q").publishes("q", {"1", "2", "3", "4"});
  alice.gets("q", "1").gets("q", "2");
  second.prefetches(1).consumes("q").receives("3");
  alice.closes_channel();
  second.acks("3").receives(redelivered("1"));
  second.acks("1").receives(redelivered("2"));
  second.acks("2").receives("4");
}

TEST_CASE("a closed channel gives back what several consumers held in the order of publishing") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares("q").consumes("q", "a").consumes("q", "b").consumes("q", "c");
  alice.publishes("q", {"1", "2", "3", "4", "5", "6", "7"}).acks("4");
  SECTION("when the channel is closed") { alice.sends(channel::Close{}); }
  SECTION("when the connection is closed") { alice.on_channel(0).sends(connection::Close{}); }
  SECTION("when the connection is lost") { alice.vanishes(); }
  SECTION("when the channel is closed by an error") { alice.sends(basic::Ack{.delivery_tag = 99}); }
  bob.consumes("q").receives(redelivered("1"), redelivered("2"), redelivered("3"), redelivered("5"), redelivered("6"),
                             redelivered("7"));
}

TEST_CASE("messages of a lost connection's channels do not go to its other channels") {
  World world;
  auto alice = world.connect();
  auto second = alice.opens_channel(2);
  alice.declares("q").publishes("q", {"1", "2"}).prefetches(1).consumes("q").receives("1");
  second.consumes("q").receives("2");
  const auto delivered = alice.end().inbox().size();
  alice.closes();
  CHECK(alice.end().inbox().size() == delivered);
  CHECK(world.queue("q").ready() == 2);
  CHECK(world.queue("q").unacked() == 0);
}

TEST_CASE("a returned message comes before all that were never delivered") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares("q").publishes("q", {"1", "2"}).gets("q", "1").gets("q", "2");
  bob.publishes("q", {"3", "4"});
  alice.requeues("2");
  bob.publishes("q", "5").gets("q", redelivered("2")).gets("q", "3");
  alice.requeues("1");
  bob.gets("q", redelivered("1")).gets("q", "4").gets("q", "5");
}

TEST_CASE("recover gives the channel its messages again in order") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2", "3", "4"}).prefetches(3).consumes("q").receives("1", "2", "3");
  alice.sends(basic::Recover{.requeue = true}).is_answered(basic::RecoverOk{});
  alice.receives(redelivered(message("1").tagged(4)), redelivered(message("2").tagged(5)),
                 redelivered(message("3").tagged(6)));
  alice.sends(basic::RecoverAsync{.requeue = true});
  alice.receives(redelivered(message("1").tagged(7)), redelivered(message("2").tagged(8)),
                 redelivered(message("3").tagged(9)));
  alice.sends(basic::Ack{.delivery_tag = 1})
      .channel_is_closed(ReplyCode::precondition_failed, "PRECONDITION_FAILED - unknown delivery tag 1");
}

TEST_CASE("recover-ok comes before what it gives again") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", "1").consumes("q").receives("1").sends(basic::Recover{.requeue = true});
  REQUIRE(alice.end().inbox().size() == 2);
  CHECK(std::holds_alternative<basic::RecoverOk>(alice.end().inbox().front().method));
}

TEST_CASE("recover with nothing unacked is answered and recover of gotten messages puts them back") {
  World world;
  auto alice = world.connect();
  alice.declares("q").sends(basic::Recover{.requeue = true}).is_answered(basic::RecoverOk{});
  alice.publishes("q", "1").gets("q", "1").sends(basic::Recover{.requeue = true}).is_answered(basic::RecoverOk{});
  alice.gets("q", redelivered(message("1").tagged(2)));
}

TEST_CASE("recover without requeue is not implemented") {
  World world;
  world.connect()
      .sends(basic::Recover{.requeue = false})
      .connection_is_closed(ReplyCode::not_implemented, "NOT_IMPLEMENTED - requeue=false");
  world.connect()
      .sends(basic::RecoverAsync{.requeue = false})
      .connection_is_closed(ReplyCode::not_implemented, "NOT_IMPLEMENTED - requeue=false");
}

}  // namespace pocketmq::tests
