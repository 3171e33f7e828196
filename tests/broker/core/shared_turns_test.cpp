// What one client asks for that takes long is done over several turns. Other clients are served in between.

#include "broker/session/broker.hpp"
#include "tests/broker/core/very_many_queues.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

int queues_that_have(World& world, std::size_t messages) {
  int count = 0;
  for (int i = 1; i <= very_many_queues; ++i) {
    const auto name = std::to_string(i);
    if (world.has_queue(name) && world.queue(name).ready() == messages) ++count;
  }
  return count;
}

}  // namespace

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
