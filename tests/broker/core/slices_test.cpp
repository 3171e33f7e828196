// What concerns very many messages at once is done a slice a turn, and clients see nothing of that.

#include "broker/session/broker.hpp"
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

// Queues "1", "2", ..., more than get a message in one turn.
constexpr int very_many_queues = 20'000;

void binds_very_many_queues(const Client& client) {
  for (int i = 1; i <= very_many_queues; ++i) {
    const auto name = std::to_string(i);
    client.sends(queue::Declare{.queue = name, .no_wait = true});
    client.sends(queue::Bind{.queue = name, .exchange = "amq.fanout", .no_wait = true});
  }
}

int queues_that_have(World& world, std::size_t messages) {
  int count = 0;
  for (int i = 1; i <= very_many_queues; ++i) {
    const auto name = std::to_string(i);
    if (world.has_queue(name) && world.queue(name).ready() == messages) ++count;
  }
  return count;
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
  for (int i = 0; i < 3; ++i) world.connect().publishes_to("amq.fanout", "", "m");  // little is left of the turn
  const auto bind = queue::Bind{.queue = "q", .exchange = "amq.headers", .arguments = arguments.table()};
  alice.sends(bind);
  CHECK(alice.end().inbox().empty());
  world.take_turns();
  alice.is_answered(queue::BindOk{});
  alice.sends(queue::Unbind{.queue = "q", .exchange = "amq.headers", .arguments = arguments.table()});
  world.take_turns();
  alice.is_answered(queue::UnbindOk{}).is_fine();
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

TEST_CASE("very many queues get a message a slice a turn and what the client says next waits for the last") {
  World world{Encoding::amqp};
  auto alice = world.connect(), bob = world.connect();
  binds_very_many_queues(alice);
  alice.selects_confirms();
  const auto publish = [&](std::string_view body) {
    alice.end().send(
        {.channel = 1, .method = basic::Publish{.exchange = "amq.fanout"}, .content = protocol::Content{.body = body}});
  };
  publish("first");
  publish("second");
  alice.end().take_turn(world.now());
  for (int turns = 0; turns < 5 && queues_that_have(world, 1) == 0; ++turns) world.broker().tick(world.now());
  CHECK(queues_that_have(world, 1) > 0);
  CHECK(queues_that_have(world, 0) > 0);
  SECTION("undisturbed") {
    CHECK(alice.end().inbox().empty());
    world.settle();
    alice.is_confirmed(1).is_confirmed(2).is_fine();
    CHECK(queues_that_have(world, 2) == very_many_queues);
  }
  SECTION("some are deleted in the midst") {
    for (int i = 1; i <= very_many_queues; i += 2)
      bob.sends(queue::Delete{.queue = std::to_string(i), .no_wait = true});
    world.settle();
    alice.is_confirmed(1).is_confirmed(2).is_fine();
    CHECK(queues_that_have(world, 2) == very_many_queues / 2);
  }
  SECTION("the client vanishes in the midst") {
    alice.vanishes();
    CHECK(queues_that_have(world, 1) == very_many_queues);
  }
}

TEST_CASE("several clients' messages to very many queues hold little memory at a time and all arrive") {
  constexpr int publishers = 40;
  constexpr std::size_t mark = 32 << 20;
  World world{{.encoding = Encoding::amqp, .options = {.memory_max_bytes = mark}}};
  auto& memory = world.broker().context().memory();
  auto alice = world.connect();
  for (int i = 1; i <= very_many_queues; ++i) {
    const auto name = std::to_string(i);
    const auto one = protocol::FieldTableWriter{}.int32("x-max-length", 1);
    alice.sends(queue::Declare{.queue = name, .no_wait = true, .arguments = one.table()});
    alice.sends(queue::Bind{.queue = name, .exchange = "amq.fanout", .no_wait = true});
  }
  alice.publishes("", Publication{.body = "first", .exchange = "amq.fanout"});
  std::vector<Client> clients;
  for (int i = 0; i < publishers; ++i) clients.push_back(world.connect());
  const auto before = memory.used();
  for (auto& client : clients)
    client.end().send(
        {.channel = 1, .method = basic::Publish{.exchange = "amq.fanout"}, .content = protocol::Content{.body = "m"}});
  std::size_t most = 0;
  for (int turns = 0; turns < 1'000; ++turns) {
    for (auto& client : clients) client.end().take_turn(world.now());
    world.broker().tick(world.now());
    most = std::max(most, memory.used());
  }
  CHECK(most > before + mark / 10);
  CHECK(most < before + mark / 4);
  world.settle();
  CHECK(memory.used() < before + 100'000);
  CHECK(queues_that_have(world, 1) == very_many_queues);
  for (auto& client : clients) client.is_fine();
  alice.gets("1", "m");
}

TEST_CASE("a message to very many queues is refused when memory is exhausted before they are found") {
  constexpr std::size_t mark = 32 << 20;
  World world{{.encoding = Encoding::amqp, .options = {.memory_max_bytes = mark}}};
  auto& memory = world.broker().context().memory();
  auto alice = world.connect(), bob = world.connect();
  binds_very_many_queues(alice);
  for (int i = 1; i <= very_many_queues; ++i) {  // twice as many bindings are not gone through in a slice
    const auto name = std::to_string(i);
    alice.sends(queue::Bind{.queue = name, .exchange = "amq.fanout", .routing_key = "again", .no_wait = true});
  }
  alice.end().send(
      {.channel = 1, .method = basic::Publish{.exchange = "amq.fanout"}, .content = protocol::Content{.body = "m"}});
  alice.end().take_turn(world.now());
  REQUIRE(queues_that_have(world, 0) == very_many_queues);
  memory.charge(2 * mark);
  SECTION("its publisher is told") {
    world.settle();
    const auto close = alice.on_channel(0).answer<connection::Close>();
    CHECK(std::get<connection::Close>(close.method).reply_code == number_of(ReplyCode::resource_error));
  }
  SECTION("its publisher has gone") { alice.vanishes(); }
  CHECK(queues_that_have(world, 0) == very_many_queues);
  memory.release(2 * mark);
  bob.is_fine();
}

TEST_CASE("messages to very many queues are committed in their order") {
  World world{Encoding::amqp};
  auto alice = world.connect();
  binds_very_many_queues(alice);
  alice.selects_tx();
  for (const auto* body : {"1", "2", "3"}) alice.publishes_to("amq.fanout", "", body);
  alice.commits();
  CHECK(queues_that_have(world, 3) == very_many_queues);
  for (const auto* body : {"1", "2", "3"}) alice.gets("77", body);
}

TEST_CASE("consumers that share a prefetch wait in line") {
  World world;
  auto alice = world.connect();
  for (const auto* queue : {"a", "b", "c"}) alice.declares(queue);
  alice.shares_prefetch(1);
  for (const auto* queue : {"a", "b", "c"}) alice.consumes(queue, queue).publishes(queue, {"1", "2"});
  alice.receives(message("1").to("a"));
  for (const auto* next : {"a", "b", "c", "b", "c"}) {
    alice.acks_all();
    REQUIRE(alice.end().inbox().size() == 1);
    CHECK(std::get<basic::Deliver>(alice.end().inbox().front().method).consumer_tag == next);
    alice.end().inbox().clear();
  }
}

TEST_CASE("a consumer at its own limit does not keep the shared prefetch from the others") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares("r").publishes("q", {"1", "2", "3"}).publishes("r", {"i", "j"});
  alice.prefetches(1).shares_prefetch(2).consumes("q", "a").consumes("r", "b");
  alice.receives(message("1").to("a"), message("i").to("b"));
  alice.acks("i").receives(message("j").to("b"));
  alice.acks("1").receives(message("2").to("a"));
  alice.cancels("a").acks("2").acks("j").is_fine();
}

TEST_CASE("what a cancelled consumer held makes room in the shared prefetch when it is settled") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2"}).shares_prefetch(1).consumes("q", "a").receives("1");
  alice.cancels("a").consumes("q", "b").receives_nothing();
  alice.acks("1").receives(message("2").to("b"));
}

TEST_CASE("one who asks for little is served before very much that another has asked for is done") {
  World world{Encoding::amqp};
  auto alice = world.connect(), bob = world.connect();
  constexpr int queues = 1'000, messages = 100;
  for (int i = 0; i < queues; ++i) alice.declares(std::to_string(i)).binds(std::to_string(i), "amq.fanout");
  world.postpone_turns();
  for (int i = 0; i < messages; ++i)
    alice.end().send(
        {.channel = 1, .method = basic::Publish{.exchange = "amq.fanout"}, .content = protocol::Content{}});
  alice.end().send({.channel = 1, .method = queue::Purge{.queue = "0"}});
  alice.end().take_turn(world.now());
  for (int i = 0; i < 100; ++i) bob.is_fine();
  CHECK(alice.end().inbox().empty());
  CHECK(world.queue("0").ready() > 0);
  CHECK(world.queue("0").ready() < messages);
  CHECK(world.take_turns() > 1);
  for (int rest = 0; world.take_turns() > 0; ++rest) REQUIRE(rest < 100);
  alice.is_answered(queue::PurgeOk{.message_count = messages}).is_fine();
  CHECK(world.queue("1").ready() == messages);
}

TEST_CASE("who causes very many errors waits for other turns") {
  World world;
  auto alice = world.connect();
  world.postpone_turns();
  for (int i = 0; i < 2'000; ++i) {
    alice.end().send({.channel = 1, .method = basic::Ack{.delivery_tag = 99}});
    alice.end().send({.channel = 1, .method = channel::CloseOk{}});
    alice.end().send({.channel = 1, .method = channel::Open{}});
  }
  world.settle();
  int turns = 0;
  while (const auto more = world.take_turns()) turns += more;
  CHECK(turns >= 1);
  alice.end().inbox().clear();
  alice.is_fine();
}

TEST_CASE("who sends a very long header waits for another turn") {
  World world{Encoding::json};
  auto alice = world.connect();
  alice.declares("q");
  protocol::FieldTableWriter arguments;
  for (int i = 0; i < 8'000; ++i) arguments.boolean("k" + std::to_string(i), true);
  world.postpone_turns();
  alice.end().send(
      {.channel = 1, .method = queue::Declare{.queue = "q", .passive = true, .arguments = arguments.table()}});
  world.settle();
  CHECK(world.take_turns() >= 1);
}

TEST_CASE("who publishes at the memory mark from very many channels waits for other turns") {
  constexpr std::uint16_t channels = 500;
  World world{{.options = {.memory_max_bytes = 1'000'000}}};
  auto alice = world.connect();
  alice.declares("q").publishes("q", std::string(200'000, 'x'));
  for (std::uint16_t number = 2; number <= channels; ++number) alice.opens_channel(number);
  alice.on_channel(channels).sends(basic::Get{.queue = "q"});
  alice.publishes("q", std::string(450'000, 'x'));
  REQUIRE(world.broker().context().memory().is_scarce());
  world.postpone_turns();
  for (int i = 0; i < 1'000; ++i)
    alice.end().send({.channel = 1, .method = basic::Publish{.routing_key = "nowhere"}, .content = {{.body = "x"}}});
  world.settle();
  int turns = 0;
  while (const auto more = world.take_turns()) turns += more;
  CHECK(turns >= 1);
  alice.is_fine();
}

TEST_CASE("a get waits until all that have expired in front are gone") {
  World world{Encoding::amqp};
  auto alice = world.connect();
  alice.declares("q");
  for (int i = 0; i < 50'000; ++i) alice.publishes("q", {.body = "mortal", .properties = {.expiration = "10"}});
  alice.publishes("q", "immortal");
  world.postpone_turns();
  world.broker().context().clock().observe(world.now() + 10ms);
  alice.sends(basic::Get{.queue = "q", .no_ack = true}).sends(queue::Purge{.queue = "q"}).receives_nothing();
  CHECK(world.take_turns() > 0);
  REQUIRE(alice.end().inbox().size() == 2);
  const auto& got = alice.end().inbox().front();
  CHECK(std::get<basic::GetOk>(got.method).message_count == 0);
  CHECK(got.body == "immortal");
  alice.end().inbox().pop_front();
  alice.is_answered(queue::PurgeOk{}).is_fine();
}

TEST_CASE("very many consumers that wait for the shared prefetch all get their messages when it is lifted") {
  World world{Encoding::amqp};
  auto alice = world.connect();
  constexpr int many = 8'000;
  alice.declares("q").shares_prefetch(1);
  for (int i = 0; i < many; ++i)
    alice.sends(basic::Consume{.queue = "q", .consumer_tag = std::to_string(i), .no_wait = true});
  for (int i = 0; i < many; ++i) alice.publishes("q", "m");
  REQUIRE(alice.end().inbox().size() == 1);
  for (int i = 0; i < 1'000; ++i) alice.shares_prefetch(1);
  CHECK(world.queue("q").unacked() == 1);
  alice.sends(basic::Qos{.prefetch_count = 0, .global = true});
  CHECK(world.queue("q").unacked() == many);
}

TEST_CASE("a search for queues that pauses finds each once though bindings come and go") {
  World world{Encoding::amqp};
  auto alice = world.connect(), bob = world.connect();
  const auto* type = GENERATE("fanout", "direct", "topic", "headers");
  auto& host = *world.broker().find_virtual_host("/");
  alice.declares_exchange("e", type).declares_exchange("behind", "fanout").declares("behind").binds("behind", "behind");
  alice.declares("q").declares("deleted").declares("other");
  constexpr int many = 40'000;
  const std::string_view key = std::string_view{type} == "topic" ? "#" : "k";
  const auto bind = [&](std::string_view queue, int number) {
    protocol::FieldTableWriter arguments;
    arguments.int32("x-number", number);
    host.bind(host.require_exchange("e"), host.require_queue(queue), key, arguments.table());
  };
  bind("other", 0);
  for (int i = 0; i < many; ++i) bind(i % 2 == 0 ? "q" : "deleted", i);
  host.bind(host.require_exchange("e"), host.require_exchange("behind"), key, {});
  for (int i = 0; i < many; ++i) bind("q", many + i);
  alice.selects_confirms();
  world.postpone_turns();
  alice.end().send({.channel = 1,
                    .method = basic::Publish{.exchange = "e", .routing_key = "k"},
                    .content = protocol::Content{.body = "m"}});
  alice.end().take_turn(world.now());
  CHECK(world.queue("q").ready() == 0);
  SECTION("a queue goes") { bob.deletes("deleted").declares("deleted"); }
  SECTION("a binding goes and others come") {
    protocol::FieldTableWriter arguments;
    arguments.int32("x-number", 0);
    bob
        .sends(queue::Unbind{
            .queue = "q", .exchange = "e", .routing_key = protocol::ShortString{key}, .arguments = arguments.table()})
        .is_answered(queue::UnbindOk{});
    bob.declares("new").binds("new", "e", key);
  }
  SECTION("another message goes the same way") { bob.publishes_to("behind", "", "n"); }
  SECTION("the publisher goes") {
    alice.vanishes();
    CHECK(world.take_turns() > 0);
    CHECK(world.queue("q").ready() == 1);
    return;
  }
  CHECK(world.take_turns() > 0);
  alice.is_confirmed(1);
  CHECK(world.queue("q").ready() == 1);
  CHECK(world.queue("other").ready() == 1);
  CHECK(world.queue("behind").ready() >= 1);
}

TEST_CASE("an exchange may go while the search for a message's queues pauses in it") {
  World world{Encoding::amqp};
  auto alice = world.connect(), bob = world.connect();
  const auto* type = GENERATE("fanout", "topic", "headers");
  alice.declares_exchange("e", type).declares("q");
  auto& host = *world.broker().find_virtual_host("/");
  for (int i = 0; i < 60'000; ++i) {
    protocol::FieldTableWriter arguments;
    arguments.int32("x-number", i);
    host.bind(host.require_exchange("e"), host.require_queue("q"), "#", arguments.table());
  }
  world.postpone_turns();
  alice.end().send({.channel = 1,
                    .method = basic::Publish{.exchange = "e", .routing_key = "k", .mandatory = true},
                    .content = protocol::Content{.body = "m"}});
  alice.end().take_turn(world.now());
  bob.deletes_exchange("e");
  CHECK(world.take_turns() > 0);
  CHECK(world.queue("q").ready() <= 1);
  CHECK(host.binding_count() == 0);
  alice.end().inbox().clear();
  alice.is_fine();
}

TEST_CASE("very many consumers of a queue that is deleted are cancelled a slice a turn after the delete was answered") {
  World world{Encoding::amqp};
  auto alice = world.connect(), bob = world.connect();
  constexpr int many = 3'000;
  alice.declares("q");
  for (int i = 0; i < many; ++i)
    alice.sends(basic::Consume{.queue = "q", .consumer_tag = std::to_string(i), .no_wait = true});
  world.postpone_turns();
  SECTION("by another") { bob.deletes("q"); }
  SECTION("by themselves") { alice.sends(queue::Delete{.queue = "q"}).is_answered(queue::DeleteOk{}); }
  CHECK(alice.end().inbox().size() < many);
  bob.declares("q").publishes("q", "m");
  CHECK(world.take_turns() > 0);
  CHECK(alice.end().inbox().size() == many);
  alice.end().inbox().clear();
  alice.consumes("q", "0").receives("m");
}

TEST_CASE("very many consumers of a connection that is cut get nothing any more") {
  World world{Encoding::amqp};
  auto alice = world.connect(), bob = world.connect();
  constexpr int many = 3'000;
  bob.declares("q").declares({.queue = "auto", .auto_delete = true});
  for (int i = 0; i < many; ++i)
    alice.sends(basic::Consume{.queue = "q", .consumer_tag = std::to_string(i), .no_wait = true});
  alice.consumes("auto", "last").prefetches(1);
  bob.publishes("q", {"1", "2"});
  REQUIRE(alice.end().inbox().size() == 2);
  world.postpone_turns();
  alice.vanishes();
  CHECK(world.queue("q").consumers() > 0);
  bob.publishes("q", "3").consumes("q", "c");
  CHECK(world.take_turns() > 0);
  bob.receives(redelivered("1"), redelivered("2"), "3");
  CHECK(world.queue("q").consumers() == 1);
  CHECK_FALSE(world.has_queue("auto"));
}

}  // namespace pocketmq::tests
