// The state of a broker, from its objects and from its journal.
#include "broker/journal/broker_snapshot.hpp"

#include <nlohmann/json.hpp>

#include "protocol/vocabulary/field_table.hpp"
#include "tests/support/state_check.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using nlohmann::json;
using Arguments = protocol::FieldTableWriter;

WorldSetup checked(std::string definitions = "") {
  WorldSetup setup{.checks_state = true};
  setup.options.definitions = std::move(definitions);
  return setup;
}

// A world in which both ways to the state are compared.
class CheckedWorld : public World {
 public:
  explicit CheckedWorld(std::string definitions = "") : World{checked(std::move(definitions))} {}

  /// The state, which both ways agree on.
  json state() {
    settle();
    CHECK(state_check().told() == state_check().seen());
    return json::parse(state_check().seen());
  }
  json vhost() { return state()["vhosts"].at(0); }
  json queue(std::string_view name) {
    const auto here = vhost();
    for (const auto& queue : here["queues"])
      if (queue["name"] == name) return queue;
    return nullptr;
  }
  [[nodiscard]] const broker::JournalState& told() const { return state_check().state(); }
};

}  // namespace

TEST_CASE("a new broker has a virtual host with the exchanges that are there from the start") {
  CheckedWorld world;
  const auto state = world.state();
  CHECK(state["connections"].empty());
  REQUIRE(state["vhosts"].size() == 1);
  CHECK(state["vhosts"][0]["name"] == "/");
  CHECK(state["vhosts"][0]["exchanges"].size() == 7);
  CHECK(state["number"] == world.broker().journal().last_number());
}

TEST_CASE("the state has what definitions declare") {
  CheckedWorld world{R"({
      "vhosts": [{"name": "/"}, {"name": "other"}],
      "policies": [{"vhost": "/", "name": "short", "pattern": "^t", "apply-to": "classic_queues", "priority": 3,
                    "definition": {"message-ttl": 1000}}],
      "queues": [{"vhost": "other", "name": "q", "durable": true, "auto_delete": false,
                  "arguments": {"x-queue-type": "quorum"}}],
      "exchanges": [{"vhost": "other", "name": "e", "type": "topic", "durable": true, "auto_delete": false,
                     "internal": true, "arguments": {"alternate-exchange": "amq.fanout"}}],
      "bindings": [{"vhost": "other", "source": "e", "destination": "q", "destination_type": "queue",
                    "routing_key": "#", "arguments": {}},
                   {"vhost": "other", "source": "e", "destination": "amq.topic", "destination_type": "exchange",
                    "routing_key": "a", "arguments": {"x": 1}}]})"};
  const auto state = world.state();
  CHECK(state["vhosts"][0]["policies"]
        == json::parse(R"([{"name":"short","pattern":"^t","apply_to":"classic_queues","priority":3,
                            "settings":{"message-ttl":1000}}])"));
  const auto& other = state["vhosts"][1];
  CHECK(other["queues"].at(0)["type"] == "quorum");
  CHECK(other["bindings"].size() == 2);
  CHECK(other["exchanges"].at(7)
        == json::parse(R"({"name":"e","type":"topic","durable":true,"auto_delete":false,"internal":true,
                           "alternate":"amq.fanout","arguments":{"alternate-exchange":"amq.fanout"}})"));
}

TEST_CASE("ready messages stand in the state in the order of their delivery") {
  CheckedWorld world;
  auto alice = world.connect({.name = "alice"});
  alice.declares({.queue = "q", .arguments = Arguments{}.int32("x-max-priority", 5).table()});
  alice.publishes("q", {"1", "2", "3"});
  alice.publishes("q", {.body = "4", .properties = {.priority = 3}});
  const auto numbers = world.queue("q")["ready"];
  REQUIRE(numbers.size() == 4);
  CHECK(numbers[0] == numbers[3].get<int>() + 1);  // the fourth comes first
  alice.gets("q", message("4")).gets("q", message("1")).gets("q", message("2"));
  CHECK(world.queue("q")["ready"] == json::array({numbers[3]}));
  CHECK(world.queue("q")["unacked"] == 3);
  alice.requeues("2").requeues("1");
  CHECK(world.queue("q")["ready"] == json::array({numbers[1], numbers[2], numbers[3]}));
  alice.acks("4");
  alice.purges("q", 3);
  CHECK(world.queue("q")["ready"].empty());
  CHECK(world.told().message_count() == 0);
}

TEST_CASE("a channel's unacked window is in the state also while a transaction settles it") {
  CheckedWorld world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2", "3"});
  alice.selects_tx().prefetches(10).consumes("q", "tag").receives("1", "2", "3");
  alice.acks("1").rejects("2");
  const auto channel = world.state()["connections"].at(0)["channels"].at(0);
  CHECK(channel["mode"] == "transaction");
  CHECK(channel["unacked_count"] == 3);
  CHECK(channel["unacked"].at(1)["delivery_tag"] == 2);
  CHECK(channel["unacked"].at(1)["consumer"] == "tag");
  CHECK(world.queue("q")["consumers"].at(0)["unacked"] == 3);
  alice.commits();
  CHECK(world.state()["connections"].at(0)["channels"].at(0)["unacked"].size() == 1);
  alice.acks("3").rolls_back();
  CHECK(world.queue("q")["unacked"] == 1);
}

TEST_CASE("what was delivered to a cancelled consumer belongs to no consumer") {
  CheckedWorld world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2"});
  alice.prefetches(1).consumes("q", "tag").receives("1").cancels("tag");
  CHECK_FALSE(world.state()["connections"].at(0)["channels"].at(0)["unacked"].at(0).contains("consumer"));
  alice.consumes("q", "tag").receives("2");
  CHECK(world.queue("q")["consumers"].at(0)["unacked"] == 1);
  alice.acks("1").acks("2");
  CHECK(world.queue("q")["unacked"] == 0);
}

TEST_CASE("what a connection held is gone from the state when it is lost") {
  CheckedWorld world;
  auto alice = world.connect({.name = "alice"}), bob = world.connect();
  alice.declares({.queue = "own", .exclusive = true}).declares("shared").publishes("shared", {"1", "2"});
  alice.declares_exchange("e", "fanout").binds("own", "e");
  alice.shares_prefetch(7).consumes("shared", "c").receives("1", "2");
  alice.opens_channel(2).on_channel(2).selects_confirms();
  const auto before = world.state();
  CHECK(before["connections"].at(0)["name"] == "alice");
  CHECK(before["connections"].at(0)["channels"].at(0)["shared_prefetch"] == 7);
  CHECK(before["connections"].at(0)["channels"].at(1)["mode"] == "confirm");
  CHECK(world.queue("own")["exclusive_to"] == before["connections"].at(0)["connection"]);
  CHECK(before["vhosts"].at(0)["bindings"].size() == 1);
  alice.vanishes();
  const auto after = world.state();
  CHECK(after["connections"].size() == 1);
  CHECK(world.queue("own") == nullptr);
  CHECK(after["vhosts"].at(0)["bindings"].empty());
  CHECK(world.queue("shared")["ready"].size() == 2);
  bob.deletes("shared", 2).deletes_exchange("e");
  CHECK(world.vhost()["queues"].empty());
  CHECK(world.told().message_count() == 0);
}

TEST_CASE("a connection in its handshake and a requester are in the state") {
  CheckedWorld world;
  auto alice = world.connect();
  alice.sends(basic::Consume{.queue = "amq.rabbitmq.reply-to", .consumer_tag = "replies", .no_ack = true});
  alice.is_answered(basic::ConsumeOk{.consumer_tag = "replies"});
  auto bob = world.arrive();
  if (!world.speaks_json()) bob.sends_header();
  const auto state = world.state();
  CHECK(state["connections"].at(0)["channels"].at(0)["reply_consumer"]["consumer"] == "replies");
  CHECK(state["connections"].size() == (world.speaks_json() ? 1 : 2));
}

TEST_CASE("a snapshot can be bounded and still counts all") {
  World world{checked()};
  auto alice = world.connect();
  alice.declares("a").declares("b");
  for (const auto* queue : {"a", "b"}) alice.publishes(queue, {"1", "2", "3", "4", "5"});
  alice.prefetches(3).consumes("b").receives("1", "2", "3");
  const auto json_of = [&](std::size_t each, std::size_t all) {
    return json::parse(to_json(snapshot_of(world.broker(), {.messages_each = each, .messages = all})));
  };
  const auto listed = [](const json& state) {
    std::size_t count = state["connections"].at(0)["channels"].at(0)["unacked"].size();
    for (const auto& queue : state["vhosts"].at(0)["queues"]) count += queue["ready"].size();
    return count;
  };
  const auto bounded = json_of(2, 100);
  CHECK(bounded["vhosts"].at(0)["queues"].at(0)["ready_count"] == 5);
  CHECK(bounded["vhosts"].at(0)["queues"].at(0)["ready"].size() == 2);
  CHECK(bounded["connections"].at(0)["channels"].at(0)["unacked_count"] == 3);
  CHECK(listed(bounded) == 6);
  CHECK(listed(json_of(100, 100)) == 10);
  CHECK(listed(json_of(100, 4)) == 4);
  CHECK(listed(json_of(0, 100)) == 0);
  CHECK(broker::snapshot_cost(world.broker()) == 1 + 1 + 2 + 1);  // connection, channel, queues, consumer
}

TEST_CASE("each object of a broker and each piece of its arguments adds to what a snapshot costs") {
  World world{Encoding::amqp};
  const auto before = broker::snapshot_cost(world.broker());
  const auto cost = [&] { return broker::snapshot_cost(world.broker()) - before; };
  auto alice = world.connect();
  CHECK(cost() == 1 + 1);  // connection, channel
  auto second = alice.opens_channel(2);
  CHECK(cost() == 3);
  alice.declares("q").declares("r");
  CHECK(cost() == 5);
  alice.consumes("q");
  CHECK(cost() == 6);
  alice.declares_exchange("x", "fanout");
  CHECK(cost() == 7);
  alice.binds("q", "x");
  CHECK(cost() == 8);
  second.closes_channel();
  CHECK(cost() == 7);
  protocol::FieldTableWriter arguments;
  arguments.string("note", std::string(640, 'n'));
  alice.binds({.queue = "r", .exchange = "x", .arguments = arguments.table()});
  CHECK(cost() >= 7 + 1 + 10);
  CHECK(cost() <= 7 + 1 + 13);
  World with_policy{
      {.encoding = Encoding::amqp,
       .options = {.definitions =
                       R"({"vhosts": [{"name": "/"}], "policies": [{"vhost": "/", "name": "p", "pattern": "^t",
                         "apply-to": "queues", "priority": 1, "definition": {"max-length": 10}}]})"}}};
  CHECK(broker::snapshot_cost(with_policy.broker()) == before + 1);
}

TEST_CASE("a consumer may have the name of one that is still to be removed") {
  constexpr int very_many = 3'000;
  CheckedWorld world;
  auto alice = world.connect(), bob = world.connect();
  bob.declares("q");
  world.postpone_turns();
  for (int i = 0; i < very_many; ++i)
    alice.sends(
        basic::Consume{.queue = "q", .consumer_tag = protocol::ShortString{std::to_string(i)}, .no_wait = true});
  world.take_turns();
  alice.closes_channel();
  const auto last = std::to_string(very_many - 1);
  alice.opens_channel(1).consumes("q", last);
  CHECK(world.queue("q")["consumers"].size() > 1);
  world.take_turns();
  const auto consumers = world.queue("q")["consumers"];
  REQUIRE(consumers.size() == 1);
  CHECK(consumers[0]["consumer"] == last);
}

TEST_CASE("a publish whose search is not finished ends with its transaction") {
  CheckedWorld world;
  auto alice = world.connect(), bob = world.connect();
  bob.declares("q");
  auto& host = *world.broker().find_virtual_host("/");
  for (int i = 0; i < 40'000; ++i)
    host.bind(host.require_exchange("amq.fanout"), host.require_queue("q"), std::to_string(i), {});
  world.take_turns();
  alice.selects_tx();
  world.postpone_turns();
  alice.end().send(
      {.channel = 1, .method = basic::Publish{.exchange = "amq.fanout"}, .content = protocol::Content{.body = "m"}});
  alice.end().take_turn(world.now());
  CHECK(world.told().message_count() == 1);
  alice.vanishes();
  world.take_turns();
  CHECK(world.told().message_count() == 0);
}

TEST_CASE("the routes that a transaction keeps for the journal are charged to the memory") {
  CheckedWorld world;
  auto alice = world.connect();
  alice.declares("q");
  constexpr std::size_t bindings = 64, messages = 10, step_bytes_min = 100;
  for (std::size_t i = 0; i < bindings; ++i) alice.binds("q", "amq.fanout", std::to_string(i));
  alice.selects_tx();
  const auto& memory = world.broker().context().memory();
  const auto before = memory.used();
  for (std::size_t i = 0; i < messages; ++i) alice.publishes_to("amq.fanout", "", "m");
  CHECK(memory.used() - before > bindings * messages * step_bytes_min);
  alice.rolls_back();
}

TEST_CASE("long names count as much as messages where a snapshot has bounds") {
  CheckedWorld world;
  auto alice = world.connect();
  const std::string name(250, 'q');
  alice.declares(name).consumes(name);
  for (int i = 0; i < 100; ++i) alice.publishes(name, "m");
  const auto bounded = snapshot_of(world.broker(), {.messages = 100});
  const auto& channel = bounded.connections.begin()->second.channels.begin()->second;
  CHECK(channel.unacked_count == 100);
  CHECK(channel.unacked.size() < 20);
}

}  // namespace pocketmq::tests
