// Where RabbitMQ's quorum queues differ from classic ones: returns, their limit and count, and what they refuse.
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using Arguments = protocol::FieldTableWriter;

Arguments quorum() { return Arguments{}.string("x-queue-type", "quorum"); }

Client declares_quorum(const Client& client, const Arguments& arguments = quorum()) {
  return client.declares({.queue = "q", .durable = true, .arguments = arguments.table()});
}

Arguments count(std::int64_t returns) { return Arguments{}.int64("x-delivery-count", returns); }

}  // namespace

TEST_CASE("a quorum queue tells how often a message has come back") {
  World world;
  auto alice = world.connect();
  declares_quorum(alice).publishes("q", "m");
  for (int returns = 0; returns < 3; ++returns) {
    const auto headers = count(returns);
    const auto expected = message("m").with({.headers = headers.table()});
    alice.gets("q", returns == 0 ? expected : redelivered(expected)).requeues("m");
  }
}

TEST_CASE("the count joins the headers in order and replaces a publisher's own") {
  World world;
  auto alice = world.connect();
  const auto before = Arguments{}.int32("z", 1).int64("x-delivery-count", 9).int32("a", 2);
  const auto after = Arguments{}.int32("a", 2).int64("x-delivery-count", 0).int32("z", 1);
  declares_quorum(alice).consumes("q");
  alice.publishes("q", {.body = "m", .properties = {.headers = before.table(), .correlation_id = "c"}});
  alice.receives(message("m").with({.headers = after.table(), .correlation_id = "c"}));
}

TEST_CASE("what is asked back goes to the end of a quorum queue without a delivery limit") {
  World world;
  auto alice = world.connect();
  declares_quorum(alice).publishes("q", {"1", "2", "3", "4", "5"}).gets("q", "1").gets("q", "2").gets("q", "3");
  SECTION("by nack") { alice.requeues_all(); }
  SECTION("by recover") { alice.sends(basic::Recover{.requeue = true}).is_answered(basic::RecoverOk{}); }
  alice.consumes("q").receives("4", "5", redelivered("1"), redelivered("2"), redelivered("3"));
}

TEST_CASE("what a lost channel held comes first in a quorum queue") {
  World world;
  auto alice = world.connect();
  auto second = alice.opens_channel(2);
  declares_quorum(alice).publishes("q", {"1", "2", "3"});
  second.gets("q", "1").gets("q", "2").closes_channel();
  alice.consumes("q").receives(redelivered("1"), redelivered("2"), "3");
}

TEST_CASE("with a delivery limit what comes back is first in the order of coming back") {
  World world;
  auto alice = world.connect();
  declares_quorum(alice, quorum().int32("x-delivery-limit", 9)).publishes("q", {"1", "2", "3"});
  alice.gets("q", "1").gets("q", "2").requeues("2").requeues("1");
  alice.consumes("q").receives(redelivered("2"), redelivered("1"), "3");
}

TEST_CASE("a message that has come back too often is given up") {
  World world;
  auto alice = world.connect();
  auto arguments = quorum().int32("x-delivery-limit", 2);
  const bool dead_letters = GENERATE(false, true);
  if (dead_letters) arguments.string("x-dead-letter-exchange", "").string("x-dead-letter-routing-key", "dead");
  alice.declares("dead");
  declares_quorum(alice, arguments).publishes("q", "m").gets("q", "m").requeues("m");
  alice.gets("q", redelivered("m")).requeues("m").gets("q", redelivered("m")).requeues("m").gets_nothing("q");
  if (!dead_letters) return (void)alice.gets_nothing("dead");
  const auto got = alice.sends(basic::Get{.queue = "dead"}).answer<basic::GetOk>();
  const auto headers = got.decoded_properties().headers;
  REQUIRE(headers);
  CHECK(headers->find("x-first-death-reason")->string() == "delivery_limit");
  CHECK_FALSE(headers->find("x-delivery-count"));
}

TEST_CASE("a delivery limit of 0 allows one delivery") {
  World world;
  auto alice = world.connect();
  declares_quorum(alice, quorum().int32("x-delivery-limit", 0)).publishes("q", "m").consumes("q").receives("m");
  alice.requeues("m").receives_nothing().gets_nothing("q");
}

TEST_CASE("a quorum queue does not support a prefetch of the channel") {
  World world;
  auto alice = world.connect();
  declares_quorum(alice).shares_prefetch(5).sends(basic::Consume{.queue = "q"});
  alice.connection_is_closed(ReplyCode::not_implemented,
                             "NOT_IMPLEMENTED - queue 'q' in vhost '/' does not support global qos");
}

TEST_CASE("a quorum queue is deleted without conditions") {
  World world;
  auto alice = world.connect();
  const auto [declared, flag] = GENERATE(table<queue::Delete, std::string>({
      {{.queue = "q", .if_unused = true}, "if-unused"},
      {{.queue = "q", .if_empty = true}, "if-empty"},
      {{.queue = "q", .if_unused = true, .if_empty = true}, "if-unused"},
  }));
  declares_quorum(alice).sends(declared);
  alice.connection_is_closed(ReplyCode::not_implemented,
                             "NOT_IMPLEMENTED - cannot delete queue 'q' in vhost '/'. queue.delete operations with "
                                 + flag + " flag set are not supported by quorum queues");
  CHECK(world.has_queue("q"));
}

TEST_CASE("a quorum queue takes no notice of exclusive consumers") {
  World world;
  auto alice = world.connect();
  declares_quorum(alice).consumes({.queue = "q", .consumer_tag = "a", .exclusive = true});
  alice.consumes({.queue = "q", .consumer_tag = "b", .exclusive = true}).publishes("q", {"1", "2"});
  alice.receives(message("1").to("a"), message("2").to("b"));
}

}  // namespace pocketmq::tests
