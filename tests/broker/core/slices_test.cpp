// What concerns very many messages at once is done a slice a turn, and clients see nothing of that.

#include "broker/session/broker.hpp"
#include "tests/broker/core/very_many_queues.hpp"
#include "tests/support/lone_queue.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

constexpr int very_many = 16'000;  // more than a slice

// "1", "2", ... in the queue, and with the client, which has acked none.
void consumes_very_many(const Client& client, std::string_view queue) {
  client.consumes(queue, "c");
  for (int i = 1; i <= very_many; ++i) client.publishes(queue, std::to_string(i));
  REQUIRE(client.end().inbox().size() == very_many);
  client.cancels("c");
}

std::vector<Expected> all_again() {
  std::vector<Expected> expected;
  for (int i = 1; i <= very_many; ++i) expected.push_back(redelivered(std::to_string(i)));
  return expected;
}

// A client with very many publishes to "q" that are not committed.
Client publishes_very_many_in_a_transaction(World& world, const queue::Declare& queue) {
  auto client = world.connect();
  client.declares(queue).selects_tx();
  for (int i = 1; i <= very_many; ++i) client.publishes(queue.queue, std::to_string(i));
  return client;
}

}  // namespace

TEST_CASE("very many messages of a lost connection or channel return in order before what was never delivered") {
  World world{Encoding::amqp};
  auto alice = world.connect(), bob = world.connect();
  auto second = bob.opens_channel(2);
  alice.declares("q").declares("r");
  bob.consumes("q", "c").consumes("r", "d");
  for (int i = 1; i <= very_many; ++i) alice.publishes("q", std::to_string(i)).publishes("r", std::to_string(i));
  bob.end().inbox().clear();
  bob.cancels("c").cancels("d");
  alice.publishes("q", "fresh").publishes("r", "fresh");
  SECTION("vanished") { bob.vanishes(); }
  SECTION("closed") { bob.closes(); }
  SECTION("its channel closed") { bob.closes_channel(); }
  SECTION("recovered") {
    bob.sends(basic::Recover{.requeue = true}).is_answered(basic::RecoverOk{});
    second.is_fine();
  }
  auto expected = all_again();
  expected.emplace_back("fresh");
  for (const auto* queue : {"q", "r"}) alice.consumes({.queue = queue, .no_ack = true}).receives_all(expected);
}

TEST_CASE("very many messages that are requeued come again in order and once") {
  World world{Encoding::amqp};
  auto alice = world.connect();
  alice.declares("q");
  consumes_very_many(alice, "q");
  alice.end().inbox().clear();
  alice.consumes("q").sends(basic::Nack{.delivery_tag = 0, .multiple = true, .requeue = true});
  alice.receives_all(all_again());
  CHECK(world.queue("q").unacked() == very_many);
  CHECK(world.queue("q").ready() == 0);
}

TEST_CASE("very many messages may be acked at once") {
  World world{Encoding::amqp};
  auto alice = world.connect();
  alice.declares("q");
  consumes_very_many(alice, "q");
  const std::uint64_t up_to = GENERATE(0, very_many, very_many - 500);
  alice.sends(basic::Ack{.delivery_tag = up_to, .multiple = true});
  alice.end().inbox().clear();
  CHECK(world.queue("q").unacked() == (up_to == 0 ? 0 : very_many - up_to));
  alice.finds("q", {.messages = 0}).is_fine();
}

TEST_CASE("very many messages that are acked up to a tag are looked for a slice a turn") {
  World world{Encoding::amqp};
  auto alice = world.connect();
  alice.declares("q");
  consumes_very_many(alice, "q");
  alice.end().inbox().clear();
  binds_very_many_queues(world.connect());
  world.postpone_turns();
  for (int i = 0; i < 3; ++i) world.connect().publishes_to("amq.fanout", "", "m");  // little is left of the turn
  alice.sends(basic::Ack{.delivery_tag = very_many - 10, .multiple = true});
  CHECK(world.queue("q").unacked() == very_many);
  SECTION("and what the client says next waits for the last") {
    alice.sends(basic::Ack{.delivery_tag = very_many});
    CHECK(world.queue("q").unacked() == very_many);
    CHECK(world.take_turns() >= 2);
    CHECK(world.queue("q").unacked() == 9);
    alice.is_fine();
  }
  SECTION("and those that were not found come back if the client vanishes") {
    alice.vanishes();
    world.take_turns();
    CHECK(world.queue("q").unacked() == 0);
    const auto back = static_cast<int>(world.queue("q").ready());
    CHECK(back > 10);
    CHECK(back < very_many);
    world.connect().gets("q", redelivered(std::to_string(very_many - back + 1)).leaving(back - 1));
  }
}

TEST_CASE("a bind with long arguments waits until others have used what they need of the turn") {
  World world{Encoding::amqp};
  auto alice = world.connect();
  alice.declares("q");
  binds_very_many_queues(world.connect());
  protocol::FieldTableWriter arguments;
  for (int i = 0; i < 1'000; ++i) arguments.int32("argument " + std::to_string(i), i);
  world.postpone_turns();
  const auto is_answered_in_a_later_turn = [&](const auto& method, const auto& answer) {
    for (int i = 0; i < 3; ++i) world.connect().publishes_to("amq.fanout", "", "m");  // little is left of the turn
    alice.sends(method);
    CHECK(alice.end().inbox().empty());
    world.take_turns();
    alice.is_answered(answer);
  };
  SECTION("to a queue") {
    is_answered_in_a_later_turn(queue::Bind{.queue = "q", .exchange = "amq.headers", .arguments = arguments.table()},
                                queue::BindOk{});
    is_answered_in_a_later_turn(queue::Unbind{.queue = "q", .exchange = "amq.headers", .arguments = arguments.table()},
                                queue::UnbindOk{});
  }
  SECTION("to an exchange") {
    is_answered_in_a_later_turn(
        exchange::Bind{.destination = "amq.direct", .source = "amq.headers", .arguments = arguments.table()},
        exchange::BindOk{});
    is_answered_in_a_later_turn(
        exchange::Unbind{.destination = "amq.direct", .source = "amq.headers", .arguments = arguments.table()},
        exchange::UnbindOk{});
  }
  world.take_turns();
  alice.is_fine();
}

TEST_CASE("very many messages that expire go a slice a turn and a get finds what is behind them") {
  LoneQueue queue;
  for (int i = 0; i < 100'000; ++i) queue.publish("mortal", std::chrono::milliseconds{100});
  queue.publish("immortal");
  queue.context().clock().observe(queue.context().now() + std::chrono::milliseconds{100});
  const auto turn = [&] { queue.take_turn(); };
  turn();
  CHECK(queue->ready() > 10'000);
  CHECK(queue->ready() < 90'000);
  SECTION("turn by turn") {
    for (int turns = 0; turns < 5; ++turns) turn();
    CHECK(queue->ready() == 1);
  }
  SECTION("by a get") { CHECK(queue.take()->message.body() == "immortal"); }
  turn();
  CHECK(queue.is_idle());
}

TEST_CASE("very many dead letters all arrive") {
  World world{Encoding::amqp};
  auto alice = world.connect();
  const auto arguments =
      protocol::FieldTableWriter{}.string("x-dead-letter-exchange", "").string("x-dead-letter-routing-key", "graves");
  alice.declares({.queue = "q", .arguments = arguments.table()}).declares("graves");
  for (int i = 1; i <= 3'000; ++i)
    alice.publishes("q", {.body = std::to_string(i), .properties = {.expiration = "10"}});
  world.advance(10ms);
  alice.finds("q", {}).finds("graves", {.messages = 3'000}).gets("graves", "1").gets("graves", "2");
}

TEST_CASE("very many publishes are committed a slice a turn and what the client says next waits for the last") {
  World world{Encoding::amqp};
  auto alice = publishes_very_many_in_a_transaction(world, {.queue = "q"});
  alice.end().send({.channel = 1, .method = tx::Commit{}});
  alice.end().send({.channel = 1, .method = queue::Purge{.queue = "q"}});
  alice.end().take_turn(world.now());
  CHECK(world.queue("q").ready() > 0);
  CHECK(world.queue("q").ready() < very_many);
  SECTION("undisturbed") {
    world.settle();
    alice.is_answered(tx::CommitOk{}).is_answered(queue::PurgeOk{.message_count = very_many}).is_fine();
    CHECK(world.queue("q").ready() == 0);
  }
  SECTION("the client vanishes in the midst") {
    alice.vanishes();
    CHECK(world.queue("q").ready() == very_many);
  }
  SECTION("the broker shuts down in the midst") {
    world.broker().shut_down("enough");
    world.settle();
    CHECK(world.queue("q").ready() == very_many);
    alice.connection_is_closed(ReplyCode::connection_forced, "CONNECTION_FORCED - enough");
  }
}

TEST_CASE("a commit of very many publishes that a full queue refuses fails at its end") {
  World world{Encoding::amqp};
  protocol::FieldTableWriter arguments;
  arguments.int32("x-max-length", 7'000).string("x-overflow", "reject-publish");
  auto alice = publishes_very_many_in_a_transaction(world, {.queue = "q", .arguments = arguments.table()});
  alice.sends(tx::Commit{});
  alice.channel_is_closed(ReplyCode::precondition_failed, "PRECONDITION_FAILED - partial tx completion");
  CHECK(world.queue("q").ready() == 7'000);
}

TEST_CASE("very many settlements of a transaction are carried out in their order") {
  World world{Encoding::amqp};
  auto alice = world.connect(), bob = world.connect();
  alice.declares("q").selects_tx();
  bob.selects_tx().consumes("q", "c");
  for (int i = 1; i <= very_many; ++i) bob.publishes("q", std::to_string(i));
  bob.commits().cancels("c");
  std::vector<Expected> back;
  for (int i = 1; i <= very_many; ++i) {
    const auto tag = static_cast<std::uint64_t>(i);
    if (i % 2 == 0) {
      bob.sends(basic::Ack{.delivery_tag = tag});
    } else {
      bob.sends(basic::Reject{.delivery_tag = tag, .requeue = true});
      back.push_back(redelivered(std::to_string(i)));
    }
  }
  bob.end().inbox().clear();
  bob.end().send({.channel = 1, .method = tx::Commit{}});
  bob.end().take_turn(world.now());
  CHECK(world.queue("q").unacked() > 0);
  world.settle();
  bob.is_answered(tx::CommitOk{}).is_fine();
  CHECK(world.queue("q").unacked() == 0);
  alice.consumes({.queue = "q", .no_ack = true}).receives_all(back);
}

TEST_CASE("very many publishes that are rolled back are let go of a slice a turn") {
  World world{Encoding::amqp};
  auto alice = publishes_very_many_in_a_transaction(world, {.queue = "q"});
  const auto& memory = world.broker().context().memory();
  const auto all = memory.used();
  SECTION("by the client") {
    alice.end().send({.channel = 1, .method = tx::Rollback{}});
    alice.end().take_turn(world.now());
    CHECK(memory.used() > all / 12);
    world.settle();
    alice.is_answered(tx::RollbackOk{}).is_fine();
  }
  SECTION("with their channel") { alice.closes_channel(); }
  SECTION("with their connection") { alice.vanishes(); }
  CHECK(memory.used() < 10'000);
  CHECK(world.queue("q").ready() == 0);
}

TEST_CASE("the deleted queues of a publish that is rolled back are let go of a slice a turn") {
  World world{Encoding::amqp};
  auto alice = world.connect(), bob = world.connect();
  const auto& memory = world.broker().context().memory();
  const auto before = memory.used();
  binds_very_many_queues(bob);
  alice.selects_tx().publishes_to("amq.fanout", "", "m");
  for (int i = 1; i <= very_many_queues; ++i) bob.sends(queue::Delete{.queue = std::to_string(i), .no_wait = true});
  const auto all = memory.used() - before;
  CHECK(all > very_many_queues * 100);
  world.postpone_turns();
  alice.end().send({.channel = 1, .method = tx::Rollback{}});
  alice.end().take_turn(world.now());
  CHECK(memory.used() > before + all / 20);
  world.take_turns();
  CHECK(memory.used() < before + all / 100);
}

TEST_CASE("very many acks that are rolled back are taken back a slice a turn") {
  World world{Encoding::amqp};
  auto alice = world.connect();
  alice.declares("q");
  consumes_very_many(alice, "q");
  alice.end().inbox().clear();
  alice.selects_tx().sends(basic::Ack{.delivery_tag = 0, .multiple = true});
  alice.end().send({.channel = 1, .method = tx::Rollback{}});
  alice.end().send({.channel = 1, .method = basic::Ack{.delivery_tag = very_many}});
  alice.end().take_turn(world.now());
  CHECK(alice.end().inbox().empty());
  SECTION("undisturbed") {
    world.settle();
    alice.is_answered(tx::RollbackOk{}).commits();
    CHECK(world.queue("q").unacked() == very_many - 1);
    alice.sends(basic::Ack{.delivery_tag = 1}).commits().is_fine();
    CHECK(world.queue("q").unacked() == very_many - 2);
  }
  SECTION("the client vanishes in the midst") {
    alice.vanishes();
    CHECK(world.queue("q").ready() == very_many);
  }
}

}  // namespace pocketmq::tests
