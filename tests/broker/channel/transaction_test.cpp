// Transactions: what is published and settled in them happens at the commit, or not at all.
#include "broker/queue/queue.hpp"
#include "broker/session/broker.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

// In a transaction, with 1, 2, 3 gotten from q under these tags.
Client with_three_gotten(World& world) {
  auto alice = world.connect();
  return alice.declares("q").publishes("q", {"1", "2", "3"}).selects_tx().gets("q", "1").gets("q", "2").gets("q", "3");
}

constexpr auto not_transactional = "PRECONDITION_FAILED - channel is not transactional";

}  // namespace

TEST_CASE("what is published in a transaction is there after its commit") {
  World world;
  auto alice = world.connect();
  alice.declares("q").selects_tx().publishes("q", {"1", "2"});
  CHECK(world.queue("q").ready() == 0);
  alice.commits().gets("q", "1").gets("q", message("2").leaving(0));
}

TEST_CASE("what is published after a commit belongs to the next") {
  World world;
  auto alice = world.connect();
  alice.declares("q").selects_tx().publishes("q", "1").commits().publishes("q", "2");
  CHECK(world.queue("q").ready() == 1);
  alice.commits();
  CHECK(world.queue("q").ready() == 2);
}

TEST_CASE("what is rolled back never was published") {
  World world;
  auto alice = world.connect();
  alice.declares("q").selects_tx().publishes("q", "1").rolls_back().publishes("q", "2").commits();
  alice.gets("q", message("2").leaving(0));
}

TEST_CASE("an empty transaction is committed and rolled back") {
  World world;
  world.connect().selects_tx().selects_tx().commits().rolls_back().commits();
}

TEST_CASE("a second select keeps the transaction") {
  World world;
  auto alice = world.connect();
  alice.declares("q").selects_tx().publishes("q", "m").selects_tx().commits().gets("q", "m");
}

TEST_CASE("a channel without transaction commits and rolls back nothing") {
  World world;
  const auto method = GENERATE(values<protocol::Method>({tx::Commit{}, tx::Rollback{}}));
  world.connect().sends(method).channel_is_closed(ReplyCode::precondition_failed, not_transactional);
}

TEST_CASE("what is in a transaction goes with its channel") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares("q");
  bob.publishes("q", "1").selects_tx().publishes("q", "2").gets("q", "1").acks("1");
  SECTION("closed") { bob.closes_channel(); }
  SECTION("closed by an error") {
    bob.publishes("q", {.body = "m", .exchange = "nowhere"});
    bob.channel_is_closed(ReplyCode::not_found, "NOT_FOUND - no exchange 'nowhere' in vhost '/'");
  }
  SECTION("lost") { bob.vanishes(); }
  alice.gets("q", redelivered(message("1").leaving(0)));
}

TEST_CASE("acks count from the commit on") {
  World world;
  auto alice = with_three_gotten(world);
  alice.acks("1").rejects("2").acks_all();
  CHECK(world.queue("q").unacked() == 3);
  alice.commits();
  CHECK(world.queue("q").unacked() == 0);
  CHECK(world.queue("q").ready() == 0);
}

TEST_CASE("what is requeued in a transaction is back after its commit") {
  World world;
  auto alice = with_three_gotten(world);
  alice.requeues("2").gets_nothing("q").commits().gets("q", redelivered("2")).gets_nothing("q");
}

TEST_CASE("a rollback gives deliveries back as unacked under their tags") {
  World world;
  auto alice = with_three_gotten(world);
  SECTION("one") { alice.acks("2").rolls_back(); }
  SECTION("the first") { alice.acks("1").rolls_back(); }
  SECTION("the last") { alice.acks("3").rolls_back(); }
  SECTION("in several steps") { alice.acks("2").requeues("3").rejects("1").rolls_back(); }
  SECTION("all") { alice.acks_all().rolls_back(); }
  CHECK(world.queue("q").unacked() == 3);
  alice.acks("2").requeues("1").acks_up_to("3").commits().gets("q", redelivered("1")).gets_nothing("q");
}

TEST_CASE("a rollback takes many deliveries back among those that stayed") {
  World world;
  auto alice = world.connect();
  alice.declares("q").selects_tx().consumes("q", "c");
  for (int i = 100; i < 300; ++i) alice.publishes("q", std::to_string(i));
  alice.commits();
  alice.end().inbox().clear();
  for (int i = 101; i < 299; ++i)
    if (i % 7 != 0) alice.acks(std::to_string(i));
  alice.rolls_back();
  CHECK(world.queue("q").unacked() == 200);
  for (int i = 299; i >= 100; --i) alice.acks(std::to_string(i));
  alice.commits();
  CHECK(world.queue("q").unacked() == 0);
}

TEST_CASE("in a transaction a tag is acked once") {
  World world;
  auto alice = with_three_gotten(world);
  const int tag = GENERATE(2, 99);
  alice.acks("2").sends(basic::Ack{.delivery_tag = static_cast<std::uint64_t>(tag)});
  alice.channel_is_closed(ReplyCode::precondition_failed,
                          "PRECONDITION_FAILED - unknown delivery tag " + std::to_string(tag));
  CHECK(world.queue("q").ready() == 3);
}

TEST_CASE("what was committed is not rolled back") {
  World world;
  auto alice = with_three_gotten(world);
  alice.acks("1").commits().rolls_back().acks("1");
  alice.channel_is_closed(ReplyCode::precondition_failed, "PRECONDITION_FAILED - unknown delivery tag 1");
}

TEST_CASE("recover takes no part in a transaction") {
  World world;
  auto alice = with_three_gotten(world);
  alice.acks("1").sends(basic::Recover{.requeue = true}).is_answered(basic::RecoverOk{});
  alice.gets("q", redelivered("2")).gets("q", redelivered("3")).gets_nothing("q").commits();
  CHECK(world.queue("q").unacked() == 2);
}

TEST_CASE("prefetch is released by the commit") {
  World world;
  auto alice = world.connect();
  const bool shared = GENERATE(false, true);
  alice.declares("q").publishes("q", {"1", "2", "3", "4"});
  shared ? alice.shares_prefetch(2) : alice.prefetches(2);
  alice.selects_tx().consumes("q").receives("1", "2").acks("1").receives_nothing();
  alice.commits().receives("3").requeues("2").receives_nothing().rolls_back().receives_nothing();
  alice.requeues("2").commits().receives(redelivered("2"));
}

TEST_CASE("a consumer may be cancelled before its acks are committed") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2"}).prefetches(2).selects_tx().consumes("q", "c").receives("1", "2");
  alice.acks("1").requeues("2").cancels("c");
  SECTION("committed") { alice.commits().gets("q", redelivered(message("2").leaving(0))); }
  SECTION("rolled back") { alice.rolls_back().requeues_all().commits().finds("q", {.messages = 2}); }
}

TEST_CASE("returns come before commit-ok") {
  World world;
  auto alice = world.connect();
  alice.declares("q").selects_tx();
  alice.publishes("q", {.body = "1", .mandatory = true}).publishes("nowhere", {.body = "2", .mandatory = true});
  alice.receives_nothing().sends(tx::Commit{}).is_returned("2").is_answered(tx::CommitOk{}).receives_nothing();
}

TEST_CASE("the default exchange looks for the queue at the commit") {
  World world;
  auto alice = world.connect();
  alice.selects_tx().publishes("q", {.body = "1", .mandatory = true}).declares("q");
  SECTION("there") { alice.commits().gets("q", message("1").leaving(0)); }
  SECTION("gone") { alice.deletes("q").sends(tx::Commit{}).is_returned("1").is_answered(tx::CommitOk{}); }
  SECTION("gone and there again") { alice.deletes("q").declares("q").commits().gets("q", "1"); }
}

TEST_CASE("acks of a deleted queue's messages are committed") {
  World world;
  auto alice = with_three_gotten(world);
  alice.acks("1").requeues("2").deletes("q").commits().acks("3").commits().receives_nothing();
}

TEST_CASE("a message's time to live begins at the commit") {
  World world;
  auto alice = world.connect();
  alice.declares("q").selects_tx().publishes("q", {.body = "m", .properties = {.expiration = "300"}});
  world.advance(600ms);
  alice.commits().gets("q", "m").requeues("m").commits();
  world.advance(300ms);
  alice.gets_nothing("q");
}

TEST_CASE("a publish that is refused in a transaction ends it at once") {
  World world;
  auto alice = world.connect();
  alice.declares("q").selects_tx().publishes("q", "1").publishes("q", {.body = "m", .properties = {.user_id = "bob"}});
  alice.channel_is_closed(ReplyCode::precondition_failed,
                          "PRECONDITION_FAILED - user_id property set to 'bob' but "
                          "authenticated user was 'guest'");
  CHECK(world.queue("q").ready() == 0);
}

TEST_CASE("transactions of two channels are committed each in its turn") {
  World world;
  auto alice = world.connect();
  auto second = alice.opens_channel(2).selects_tx();
  alice.declares("q").selects_tx().publishes("q", "1");
  second.publishes("q", "2").commits();
  alice.commits().gets("q", "2").gets("q", "1");
}

TEST_CASE("what a transaction publishes to very many queues is charged for each of them") {
  World world;
  const auto& memory = world.broker().context().memory();
  auto alice = world.connect();
  alice.declares_exchange("f", "fanout");
  for (int i = 0; i < 100; ++i) {
    const auto name = "q" + std::to_string(i);
    alice.declares(name).binds(name, "f");
  }
  alice.selects_tx();
  const auto before = memory.used();
  for (int i = 0; i < 100; ++i) alice.publishes_to("f", "", "m");
  CHECK(memory.used() - before > 100 * 100 * sizeof(void*));
  alice.rolls_back();
  CHECK(memory.used() == before);
}

}  // namespace pocketmq::tests
