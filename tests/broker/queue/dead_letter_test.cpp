// Dead letters: which messages become one, where they go and what they carry.
#include "broker/queue/queue.hpp"
#include "broker/session/broker.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using Arguments = protocol::FieldTableWriter;
using protocol::FieldArrayWriter;

Arguments dead_to(std::string_view routing_key) {
  return Arguments{}.string("x-dead-letter-exchange", "").string("x-dead-letter-routing-key", routing_key);
}

class CountOfDeadLetters final : public broker::Observer {
 public:
  std::uint32_t dead{0};

 private:
  void on_dead_lettered(const broker::Queue&, const broker::Message&) override { ++dead; }
};

// The bodies that can be gotten from a queue.
std::vector<std::string> bodies_in(const Client& client, std::string_view queue) {
  std::vector<std::string> bodies;
  for (;;) {
    client.sends(basic::Get{.queue = queue, .no_ack = true});
    auto& inbox = client.end().inbox();
    REQUIRE_FALSE(inbox.empty());
    const auto got = std::move(inbox.front());
    inbox.pop_front();
    if (std::holds_alternative<basic::GetEmpty>(got.method)) return bodies;
    bodies.push_back(got.body);
  }
}

using Bodies = std::vector<std::string>;

// What x-death of a message from a queue says: "queue reason count", the latest first.
std::vector<std::string> deaths_of(const Client& client, std::string_view queue) {
  const auto got = client.sends(basic::Get{.queue = queue}).answer<basic::GetOk>();
  const auto properties = got.decoded_properties();
  std::vector<std::string> deaths;
  const auto all = properties.headers ? properties.headers->find("x-death") : std::nullopt;
  if (!all) return deaths;
  protocol::FieldReader reader{all->bytes, protocol::FieldReader::Of::array};
  while (const auto death = reader.next()) {
    const auto table = death->value.table();
    REQUIRE(table);
    deaths.push_back(std::string{*table->find("queue")->string()} + " " + std::string{*table->find("reason")->string()}
                     + " " + std::to_string(*table->find("count")->integer()));
  }
  return deaths;
}

}  // namespace

TEST_CASE("a rejected message becomes a dead letter") {
  World world;
  auto alice = world.connect();
  alice.declares("dead").declares({.queue = "q", .arguments = dead_to("dead").table()});
  alice.publishes("q", {"1", "2", "3", "4"}).gets("q", "1").gets("q", "2").gets("q", "3").gets("q", "4");
  SECTION("one") {
    alice.rejects("2");
    CHECK(bodies_in(alice, "dead") == Bodies{"2"});
  }
  SECTION("several keep their order") {
    alice.sends(basic::Nack{.multiple = true, .requeue = false});
    CHECK(bodies_in(alice, "dead") == Bodies{"1", "2", "3", "4"});
  }
  SECTION("not what is acked or requeued") {
    alice.acks("1").requeues("2");
    CHECK(bodies_in(alice, "dead").empty());
  }
}

TEST_CASE("expired messages become dead letters when they expire") {
  World world;
  auto alice = world.connect();
  auto arguments = dead_to("dead");
  alice.declares("dead").declares({.queue = "q", .arguments = arguments.int32("x-message-ttl", 200).table()});
  alice.publishes("q", {.body = "1", .properties = {.expiration = "100"}}).publishes("q", "2");
  world.advance(100ms);
  CHECK(bodies_in(alice, "dead") == Bodies{"1"});
  world.advance(100ms);
  CHECK(bodies_in(alice, "dead") == Bodies{"2"});
}

TEST_CASE("what a full queue gives up becomes a dead letter") {
  World world;
  auto alice = world.connect();
  auto arguments = dead_to("dead").int32("x-max-length", 2);
  alice.declares("dead");
  SECTION("its head") {
    alice.declares({.queue = "q", .arguments = arguments.table()}).publishes("q", {"1", "2", "3", "4"});
    CHECK(bodies_in(alice, "dead") == Bodies{"1", "2"});
  }
  SECTION("what it refuses, where that is asked for") {
    arguments.string("x-overflow", "reject-publish-dlx");
    alice.declares({.queue = "q", .arguments = arguments.table()}).publishes("q", {"1", "2", "3", "4"});
    CHECK(bodies_in(alice, "dead") == Bodies{"3", "4"});
  }
  SECTION("not what it refuses otherwise") {
    arguments.string("x-overflow", "reject-publish");
    alice.declares({.queue = "q", .arguments = arguments.table()}).publishes("q", {"1", "2", "3", "4"});
    CHECK(bodies_in(alice, "dead").empty());
  }
}

TEST_CASE("purged and deleted messages are no dead letters") {
  World world;
  auto alice = world.connect();
  alice.declares("dead").declares({.queue = "q", .arguments = dead_to("dead").table()});
  alice.publishes("q", {"1", "2"}).gets("q", "1").purges("q", 1).publishes("q", "3").deletes("q", 1).rejects("1");
  CHECK(bodies_in(alice, "dead").empty());
}

TEST_CASE("a dead letter keeps its routing key unless the queue has one") {
  World world;
  auto alice = world.connect();
  alice.declares({.queue = "q", .arguments = Arguments{}.string("x-dead-letter-exchange", "").table()});
  alice.publishes("q", "1").gets("q", "1").rejects("1");
  const auto back = alice.sends(basic::Get{.queue = "q"}).answer<basic::GetOk>();
  CHECK(std::get<basic::GetOk>(back.method).routing_key == "q");
  CHECK_FALSE(std::get<basic::GetOk>(back.method).redelivered);
}

TEST_CASE("without a dead-letter exchange that exists a message is dropped") {
  World world;
  auto alice = world.connect();
  alice.declares({.queue = "q", .arguments = Arguments{}.string("x-dead-letter-exchange", "missing").table()});
  alice.publishes("q", "1").gets("q", "1").rejects("1").is_fine();
}

TEST_CASE("a dead letter without a queue to go to is dropped") {
  World world;
  auto alice = world.connect();
  alice.declares({.queue = "q", .arguments = dead_to("nowhere").table()}).publishes("q", "1");
  alice.gets("q", "1").rejects("1").is_fine().gets_nothing("q");
}

TEST_CASE("a dead letter tells how it died and has no expiration") {
  World world;
  auto alice = world.connect();
  const auto headers = Arguments{}.int32("zebra", 1).int32("ant", 2);
  alice.declares("dead").declares({.queue = "q", .arguments = dead_to("dead").table()});
  alice.publishes("q", {.body = "m",
                        .properties = {.headers = headers.table(),
                                       .delivery_mode = 2,
                                       .priority = 3,
                                       .correlation_id = "c",
                                       .expiration = "100",
                                       .user_id = "guest"}});
  world.advance(100ms);

  const auto death = Arguments{}
                         .int64("count", 1)
                         .string("reason", "expired")
                         .string("queue", "q")
                         .timestamp("time", 3'600)  // a world begins an hour after the epoch
                         .string("exchange", "")
                         .value("routing-keys", FieldArrayWriter{}.string("q").array())
                         .string("original-expiration", "100");
  const auto expected = Arguments{}
                            .int32("ant", 2)
                            .value("x-death", FieldArrayWriter{}.table(death.table()).array())
                            .string("x-first-death-exchange", "")
                            .string("x-first-death-queue", "q")
                            .string("x-first-death-reason", "expired")
                            .int32("zebra", 1);
  alice.gets(
      "dead",
      message("m").with(
          {.headers = expected.table(), .delivery_mode = 2, .priority = 3, .correlation_id = "c", .user_id = "guest"}));
}

TEST_CASE("deaths are counted for each queue and reason") {
  World world;
  auto alice = world.connect();
  alice.declares({.queue = "a", .arguments = dead_to("b").table()});
  alice.declares({.queue = "b", .arguments = dead_to("a").table()});
  alice.publishes("a", "m");
  CHECK(deaths_of(alice, "a").empty());
  alice.rejects("m");
  CHECK(deaths_of(alice, "b") == Bodies{"a rejected 1"});
  alice.rejects("m");
  CHECK(deaths_of(alice, "a") == Bodies{"b rejected 1", "a rejected 1"});
  alice.rejects("m");
  CHECK(deaths_of(alice, "b") == Bodies{"a rejected 2", "b rejected 1"});
}

TEST_CASE("a message that expires round and round is dropped at the second coming") {
  World world;
  auto alice = world.connect();
  SECTION("to its own queue") {
    alice.declares({.queue = "a", .arguments = dead_to("a").int32("x-message-ttl", 100).table()});
  }
  SECTION("over another") {
    alice.declares({.queue = "a", .arguments = dead_to("b").int32("x-message-ttl", 100).table()});
    alice.declares({.queue = "b", .arguments = dead_to("a").int32("x-message-ttl", 100).table()});
  }
  alice.publishes("a", "m");
  world.advance(1s);
  alice.gets_nothing("a");
  CHECK(world.broker().deadline() > world.now());
}

TEST_CASE("a full queue that sends to itself drops") {
  World world;
  auto alice = world.connect();
  alice.declares({.queue = "a", .arguments = dead_to("a").int32("x-max-length", 1).table()});
  alice.publishes("a", {"1", "2"});
  CHECK(bodies_in(alice, "a") == Bodies{"2"});
}

TEST_CASE("a message that is rejected on its way may come round as often as it is") {
  World world;
  auto alice = world.connect();
  alice.declares({.queue = "wait", .arguments = dead_to("work").int32("x-message-ttl", 100).table()});
  alice.declares({.queue = "work", .arguments = dead_to("wait").table()}).publishes("work", "m");
  CHECK(deaths_of(alice, "work").empty());
  for (int round = 1; round <= 3; ++round) {
    alice.rejects("m");
    world.advance(100ms);
    const auto times = std::to_string(round);
    CHECK(deaths_of(alice, "work") == Bodies{"wait expired " + times, "work rejected " + times});
  }
}

TEST_CASE("queues without room pass a message on and on until one has it") {
  World world;
  auto alice = world.connect();
  for (int i = 0; i < 20; ++i) {
    const auto name = std::to_string(i), next = std::to_string(i + 1);
    alice.declares({.queue = name, .arguments = dead_to(next).int32("x-max-length", 0).table()});
  }
  alice.declares("20").publishes("0", "m");
  CHECK(bodies_in(alice, "20") == Bodies{"m"});
}

TEST_CASE("what dies with its channel or its connection is buried too") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  auto arguments = dead_to("dead").string("x-queue-type", "quorum").int32("x-delivery-limit", 0);
  alice.declares("dead").declares({.queue = "q", .durable = true, .arguments = arguments.table()});
  bob.publishes("q", "m").gets("q", "m");
  SECTION("closed channel") { bob.closes_channel(); }
  SECTION("closed connection") { bob.closes(); }
  SECTION("lost connection") { bob.vanishes(); }
  SECTION("channel closed by an error") { bob.sends(basic::Get{.queue = "nowhere"}); }
  CHECK(bodies_in(alice, "dead") == Bodies{"m"});
}

TEST_CASE("a dead letter goes to all queues of its exchange that have room") {
  World world;
  auto alice = world.connect();
  alice.sends(protocol::exchange::Declare{.exchange = "dlx", .type = "fanout"});
  alice.is_answered(protocol::exchange::DeclareOk{});
  const auto full = Arguments{}.int32("x-max-length", 0).string("x-overflow", "reject-publish");
  alice.declares("a").declares("b").declares({.queue = "full", .arguments = full.table()});
  for (const std::string queue : {"a", "b", "full"})
    alice.sends(queue::Bind{.queue = queue, .exchange = "dlx"}).is_answered(queue::BindOk{});
  alice.declares({.queue = "q", .arguments = Arguments{}.string("x-dead-letter-exchange", "dlx").table()});
  alice.publishes("q", "m").gets("q", "m").rejects("m");
  CHECK(bodies_in(alice, "a") == Bodies{"m"});
  CHECK(bodies_in(alice, "b") == Bodies{"m"});
  CHECK(bodies_in(alice, "full").empty());
}

TEST_CASE("a dead letter without a routing key of its queue's goes to its blind copies again") {
  World world;
  auto alice = world.connect();
  const auto copies = FieldArrayWriter{}.string("other");
  const auto headers = Arguments{}.value("BCC", copies.array());
  alice.declares("other").declares("dead");
  const bool has_key = GENERATE(false, true);
  auto arguments = Arguments{}.string("x-dead-letter-exchange", "");
  if (has_key) arguments.string("x-dead-letter-routing-key", "dead");
  alice.declares({.queue = "q", .arguments = arguments.table()});
  alice.publishes("q", {.body = "m", .properties = {.headers = headers.table()}}).gets("other", "m");
  alice.gets("q", "m").rejects("m");
  CHECK(bodies_in(alice, "other").empty() == has_key);
  CHECK(bodies_in(alice, "dead").empty() != has_key);
}

TEST_CASE("CC goes on with a dead letter whose queue has no routing key") {
  World world;
  auto alice = world.connect();
  const auto copies = FieldArrayWriter{}.string("other");
  const auto headers = Arguments{}.value("CC", copies.array());
  const bool has_key = GENERATE(false, true);
  auto arguments = Arguments{}.string("x-dead-letter-exchange", "");
  if (has_key) arguments.string("x-dead-letter-routing-key", "dead");
  alice.declares("dead").declares({.queue = "q", .arguments = arguments.table()});
  alice.publishes("q", {.body = "m", .properties = {.headers = headers.table()}}).gets("q", "m").rejects("m");
  const auto got = alice.sends(basic::Get{.queue = has_key ? "dead" : "q"}).answer<basic::GetOk>();
  const auto properties = got.decoded_properties();
  REQUIRE(properties.headers);
  CHECK(properties.headers->find("CC").has_value() == !has_key);
}

// An x-death that says of a message that a client rejected it: then it is no ring of the broker's own.
Arguments forged_rejection() {
  const auto record = Arguments{}.string("queue", "elsewhere").string("reason", "rejected").int64("count", 1);
  return Arguments{}.value("x-death", FieldArrayWriter{}.table(record.table()).array());
}

TEST_CASE("a message that two queues send to each other ends whatever x-death says") {
  CountOfDeadLetters count;
  World world{{.observer = &count}};
  auto alice = world.connect();
  alice.declares({.queue = "a", .arguments = dead_to("b").int32("x-message-ttl", 0).table()});
  alice.declares({.queue = "b", .arguments = dead_to("a").int32("x-message-ttl", 0).table()});
  const auto forged = forged_rejection();
  alice.publishes("a", {.body = "m", .properties = {.headers = forged.table()}});
  alice.gets_nothing("a").gets_nothing("b");
  CHECK(count.dead == broker::Message::dead_letters_max + 1);
  CHECK(world.broker().deadline() > world.now());
}

TEST_CASE("a message that queues pass on to all of them ends whatever x-death says") {
  CountOfDeadLetters count;
  World world{{.observer = &count}};
  auto alice = world.connect();
  alice.declares_exchange("all", "fanout");
  const auto arguments = Arguments{}.string("x-dead-letter-exchange", "all").int32("x-message-ttl", 1);
  for (const std::string queue : {"a", "b", "c", "d"})
    alice.declares({.queue = queue, .arguments = arguments.table()}).binds(queue, "all");
  const auto forged = forged_rejection();
  alice.publishes("a", {.body = "m", .properties = {.headers = forged.table()}});
  world.advance(1s);
  CHECK(count.dead <= broker::Message::dead_letters_max + 1);
  for (const std::string queue : {"a", "b", "c", "d"}) CHECK(world.queue(queue).ready() == 0);
}

TEST_CASE("a message that many queues pass on in every order ends") {
  CountOfDeadLetters count;
  World world{{.observer = &count}};
  auto alice = world.connect();
  alice.declares_exchange("all", "fanout");
  const auto arguments = Arguments{}.string("x-dead-letter-exchange", "all").int32("x-message-ttl", 1);
  for (int i = 0; i < 12; ++i)
    alice.declares({.queue = std::to_string(i), .arguments = arguments.table()}).binds(std::to_string(i), "all");
  alice.publishes("0", "m");
  world.advance(1s);
  CHECK(count.dead <= broker::Message::dead_letters_max + 1);  // of 12! ways
}

TEST_CASE("a rejection lets a message become as many dead letters as a new one") {
  World world;
  auto alice = world.connect();
  alice.declares({.queue = "wait", .arguments = dead_to("work").int32("x-message-ttl", 0).table()});
  alice.declares({.queue = "work", .arguments = dead_to("wait").table()}).publishes("work", "m");
  for (std::uint32_t round = 0; round < broker::Message::dead_letters_max / 2 + 10; ++round) {
    alice.sends(basic::Get{.queue = "work"});
    REQUIRE(alice.end().inbox().size() == 1);
    const auto tag = std::get<basic::GetOk>(alice.end().inbox().front().method).delivery_tag;
    alice.end().inbox().clear();
    alice.sends(basic::Reject{.delivery_tag = tag, .requeue = false});
  }
  alice.finds("work", {.messages = 1});
}

TEST_CASE("a message that a client wants in very many queues is a dead letter in all of them") {
  World world;
  auto alice = world.connect();
  alice.declares_exchange("all", "fanout");
  constexpr int many = 300;
  for (int i = 0; i < many; ++i) {
    const auto name = std::to_string(i);
    alice.declares({.queue = name, .arguments = dead_to("dead").int32("x-message-ttl", 1'000).table()});
    alice.binds(name, "all");
  }
  const auto first = Arguments{}.string("x-dead-letter-exchange", "all").int32("x-message-ttl", 1'000);
  alice.declares("dead").declares({.queue = "first", .arguments = first.table()}).publishes("first", "m");
  world.advance(2s);
  alice.finds("dead", {.messages = many});
}

TEST_CASE("letters that would multiply wait where memory is exhausted, and others do not") {
  World world{{.options = {.memory_max_bytes = 100'000}}};
  auto& memory = world.broker().context().memory();
  auto alice = world.connect();
  const auto to_both = Arguments{}.string("x-dead-letter-exchange", "amq.fanout");
  alice.declares("one").declares("a").declares("b").binds("a", "amq.fanout").binds("b", "amq.fanout");
  alice.declares({.queue = "q", .arguments = to_both.table()});
  alice.declares({.queue = "r", .arguments = dead_to("one").table()});
  alice.publishes("r", "r1").publishes("q", {"q1", "q2"}).gets("r", "r1").gets("q", "q1").gets("q", "q2");
  const auto before = memory.used();
  memory.charge(200'000);
  alice.rejects("r1");
  CHECK(world.queue("one").ready() == 1);
  alice.rejects("q1").rejects("q2");
  world.advance(1s);
  CHECK(world.queue("a").ready() == 0);
  CHECK(memory.used() >= before + 200'000);  // what waits is charged
  memory.release(200'000);
  world.advance(1s);
  CHECK(bodies_in(alice, "a") == Bodies{"q1", "q2"});
  CHECK(bodies_in(alice, "b") == Bodies{"q1", "q2"});
}

TEST_CASE("letters that lack memory hold up no other queue's and are dropped when their queue is deleted") {
  World world{{.options = {.memory_max_bytes = 100'000}}};
  auto& memory = world.broker().context().memory();
  auto alice = world.connect();
  const auto to_both = Arguments{}.string("x-dead-letter-exchange", "amq.fanout");
  alice.declares("one").declares("a").declares("b").binds("a", "amq.fanout").binds("b", "amq.fanout");
  alice.declares({.queue = "q", .arguments = to_both.table()});
  alice.declares({.queue = "r", .arguments = dead_to("one").table()});
  alice.publishes("q", {"q1", "q2"}).publishes("r", "r1").gets("q", "q1").gets("q", "q2").gets("r", "r1");
  memory.charge(200'000);
  const auto before = memory.used();
  alice.rejects("q1").rejects("q2").rejects("r1");
  CHECK(world.queue("one").ready() == 1);
  SECTION("the queue is deleted") {
    alice.sends(queue::Delete{.queue = "q"}).is_answered(queue::DeleteOk{});
    world.advance(1s);
    CHECK(memory.used() < before);
    memory.release(200'000);
    world.advance(1s);
    CHECK(world.queue("a").ready() == 0);
  }
  SECTION("fewer queues are to get them") {
    alice.unbinds("a", "amq.fanout");
    world.advance(1s);
    CHECK(bodies_in(alice, "b") == Bodies{"q1", "q2"});
    memory.release(200'000);
  }
}

TEST_CASE("a queue's dead letter does not wait for another queue's that are very many") {
  constexpr int very_many = 20'000;
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares("many").declares({.queue = "q", .arguments = dead_to("many").table()});
  bob.declares("one").declares({.queue = "r", .arguments = dead_to("one").table()});
  alice.consumes("q");
  for (int i = 0; i < very_many; ++i) alice.publishes("q", "m");
  bob.publishes("r", {"r1", "r2"}).gets("r", "r1").gets("r", "r2");
  alice.end().send({.channel = 1, .method = basic::Nack{.multiple = true}});
  alice.end().take_turn(world.now());
  while (world.queue("many").ready() == 0) world.broker().tick(world.now());
  bob.end().send({.channel = 1, .method = basic::Nack{.multiple = true}});
  bob.end().take_turn(world.now());
  CHECK(world.queue("one").ready() == 2);
  CHECK(world.queue("many").ready() < very_many);
  world.settle();
  CHECK(bodies_in(bob, "one") == Bodies{"r1", "r2"});
  CHECK(world.queue("many").ready() == very_many);
}

}  // namespace pocketmq::tests
