// A restart of the broker, as its clients see it. What RabbitMQ 3.10.8 does was seen with `rabbitmqctl stop_app` and
// `start_app`.
#include "broker/control/restart.hpp"

#include "broker/control/clock_control.hpp"
#include "broker/request/control_error.hpp"
#include "broker/session/broker.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

namespace event = broker::event;
using broker::ControlError;
using broker::Restart;
using Arguments = protocol::FieldTableWriter;
using RestartContent = Restart::Content;

constexpr auto forced_closure = "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'";
constexpr auto loses_everything = Restart::Loses::everything;

struct RestartedWorld {
  explicit RestartedWorld(broker::Options options = {}) : world{{.options = std::move(options)}} {}

  Client connect(const Login& login = {}) { return world.connect(login); }
  // Begins a restart that takes place at the next turn.
  void begin(const Restart::Request& request = {}) {
    restart.restart(request, [this](const Restart::Result& is) { result = is; });
  }
  Restart::Result restarts(const Restart::Request& request = {}) {
    result.reset();
    begin(request);
    world.settle();
    REQUIRE(result);
    return *result;
  }

  World world;
  Restart restart{world.broker()};
  std::optional<Restart::Result> result{};
};

BasicProperties made_persistent(BasicProperties properties = {}) {
  properties.delivery_mode = std::uint8_t{2};
  return properties;
}

Client publishes_persistent(const Client& client, std::string_view queue,
                            std::initializer_list<std::string_view> bodies) {
  for (const auto body : bodies) client.publishes(queue, {.body = body, .properties = made_persistent()});
  return client;
}

queue::Declare durable_queue(std::string_view queue) { return {.queue = queue, .durable = true}; }

void is_forced_out(const Client& client, At at = At::current()) {
  client.connection_is_closed(ReplyCode::connection_forced, forced_closure, at);
}

// What of the broker's events a test looks at.
class RestartEvents {
 public:
  explicit RestartEvents(World& world)
      : subscription_{world.broker().journal().subscribe([this](const broker::Entry& entry) { hear(entry); })} {}

  std::vector<std::string> told;

 private:
  void hear(const broker::Entry& entry) {
    if (const auto* e = entry.find<event::QueueDeleted>())
      told.push_back("queue " + std::string{e->queue.view()} + ' ' + std::string{event::name_of(e->reason)});
    if (const auto* e = entry.find<event::ExchangeDeleted>())
      told.push_back("exchange " + std::string{e->exchange.view()} + ' ' + std::string{event::name_of(e->reason)});
    if (const auto* e = entry.find<event::MessageDropped>())
      told.push_back("message " + std::to_string(e->message) + ' ' + std::string{event::name_of(e->reason)});
    if (const auto* e = entry.find<event::BrokerRestarted>())
      told.push_back("restarted " + std::to_string(e->kept_messages) + ' ' + std::to_string(e->lost_messages));
  }

  broker::Subscription subscription_;
};

}  // namespace

TEST_CASE("durable queues and their persistent messages survive a restart in order") {
  RestartedWorld restarted;
  auto alice = restarted.connect();
  alice.declares(durable_queue("q")).declares("brief");
  publishes_persistent(alice, "q", {"1", "2"}).publishes("q", "transient");
  publishes_persistent(alice, "q", {"3"});
  publishes_persistent(alice, "brief", {"4"});
  RestartEvents events{restarted.world};
  const auto result = restarted.restarts();
  CHECK(result.kept == RestartContent{.queues = 1, .messages = 3});
  CHECK(result.lost == RestartContent{.queues = 1, .messages = 2});
  CHECK(events.told
        == std::vector<std::string>{"queue brief restarted", "message 5 restarted", "message 3 restarted",
                                    "restarted 3 2"});
  is_forced_out(alice);
  auto bob = restarted.connect();
  bob.gets("q", "1").gets("q", "2").gets("q", "3").gets_nothing("q");
  bob.sends(basic::Get{.queue = "brief"})
      .channel_is_closed(ReplyCode::not_found, "NOT_FOUND - no queue 'brief' in vhost '/'");
}

TEST_CASE("unacked deliveries are back at their places as redelivered after a restart") {
  RestartedWorld restarted;
  auto alice = restarted.connect(), bob = restarted.connect();
  alice.declares(durable_queue("q"));
  publishes_persistent(alice, "q", {"1", "2", "3", "4"}).publishes("q", "transient");
  bob.prefetches(2).consumes("q").receives("1", "2");
  alice.gets("q", "3");
  const auto result = restarted.restarts();
  CHECK(result.kept.messages == 4);
  CHECK(result.lost.messages == 1);
  is_forced_out(alice);
  is_forced_out(bob);
  auto carol = restarted.connect();
  carol.finds("q", {.messages = 4}).consumes("q");
  carol.receives(redelivered("1"), redelivered("2"), redelivered("3"), "4").acks_all();
}

TEST_CASE("exchanges and bindings survive a restart where both ends are durable") {
  RestartedWorld restarted;
  auto alice = restarted.connect();
  alice.declares(durable_queue("q")).declares("brief");
  alice.declares_exchange({.exchange = "e", .type = "topic", .durable = true}).declares_exchange("f", "fanout");
  alice.declares_exchange({.exchange = "auto", .type = "direct", .durable = true, .auto_delete = true});
  alice.binds("q", "e", "a.*")
      .binds("brief", "e", "a.*")
      .binds("q", "f")
      .binds_exchange("f", "e", "b")
      .binds("brief", "auto");
  alice.binds("q", "amq.direct", "k").binds_exchange("e", "amq.topic", "#");
  const auto result = restarted.restarts();
  CHECK(result.kept == RestartContent{.queues = 1, .exchanges = 2, .bindings = 3});
  CHECK(result.lost == RestartContent{.queues = 1, .exchanges = 1, .bindings = 4});
  is_forced_out(alice);
  CHECK(restarted.world.has_exchange("auto"));  // as on RabbitMQ, although its last binding has gone
  CHECK_FALSE(restarted.world.has_exchange("f"));
  auto bob = restarted.connect();
  bob.publishes_to("e", "a.x", "1").publishes_to("amq.direct", "k", "2").publishes_to("amq.topic", "a.b", "3");
  bob.gets("q", "1").gets("q", "2").gets("q", "3").gets_nothing("q");
  bob.declares("brief").binds("brief", "auto").publishes_to("auto", "", "4").gets("brief", "4");
}

TEST_CASE("an exclusive queue, and an auto-delete queue with a consumer, go with their connection at a restart") {
  RestartedWorld restarted;
  auto alice = restarted.connect();
  alice.declares({.queue = "exclusive", .durable = true, .exclusive = true});
  alice.declares({.queue = "used", .durable = true, .auto_delete = true}).consumes("used");
  alice.declares({.queue = "unused", .durable = true, .auto_delete = true});
  publishes_persistent(alice, "exclusive", {"1"});
  publishes_persistent(alice, "unused", {"2"});
  const auto result = restarted.restarts();
  CHECK(result.kept == RestartContent{.queues = 1, .messages = 1});
  CHECK(result.lost == RestartContent{.queues = 2, .messages = 1});
  CHECK(restarted.world.has_queue("unused"));
  is_forced_out(alice);
}

TEST_CASE("priorities survive a restart") {
  RestartedWorld restarted;
  auto alice = restarted.connect();
  alice.declares({.queue = "q", .durable = true, .arguments = Arguments{}.int32("x-max-priority", 5).table()});
  for (const auto& [body, priority] : {std::pair{"low", 1}, {"high", 3}, {"middle", 2}, {"high too", 3}})
    alice.publishes("q",
                    {.body = body, .properties = made_persistent({.priority = static_cast<std::uint8_t>(priority)})});
  alice.publishes("q", {.body = "transient", .properties = {.priority = std::uint8_t{4}}}).gets("q", "transient");
  alice.gets("q", "high");
  restarted.restarts();
  is_forced_out(alice);
  auto bob = restarted.connect();
  bob.gets("q", redelivered("high")).gets("q", "high too").gets("q", "middle").gets("q", "low").gets_nothing("q");
}

TEST_CASE("a quorum queue keeps transient messages in a restart and counts their deliveries") {
  RestartedWorld restarted;
  auto alice = restarted.connect();
  const auto quorum = Arguments{}.string("x-queue-type", "quorum").int32("x-delivery-limit", 1);
  alice.declares({.queue = "q", .durable = true, .arguments = quorum.table()}).publishes("q", {"1", "2"});
  alice.gets("q", "1");
  CHECK(restarted.restarts().kept.messages == 2);
  is_forced_out(alice);
  auto bob = restarted.connect();
  bob.sends(basic::Get{.queue = "q"});
  const auto got = bob.answer<basic::GetOk>();
  CHECK(got.decoded_properties().headers->find("x-delivery-count")->integer() == 1);
  CHECK(restarted.restarts().lost.messages == 1);  // it has come back too often
  is_forced_out(bob);
  restarted.connect().gets("q", "2").gets_nothing("q");
}

TEST_CASE("a message's time to live goes on in a restart and an unused queue's begins anew") {
  RestartedWorld restarted;
  auto& world = restarted.world;
  auto alice = restarted.connect();
  alice.declares(durable_queue("q")).declares(durable_queue("dead"));
  alice.declares({.queue = "dying",
                  .durable = true,
                  .arguments = Arguments{}
                                   .int32("x-message-ttl", 10'000)
                                   .string("x-dead-letter-exchange", "")
                                   .string("x-dead-letter-routing-key", "dead")
                                   .table()});
  alice.declares({.queue = "unused", .durable = true, .arguments = Arguments{}.int32("x-expires", 10'000).table()});
  alice.publishes("q", {.body = "m", .properties = made_persistent({.expiration = "10000"})});
  publishes_persistent(alice, "dying", {"letter"});
  world.advance(6s);
  restarted.restarts();
  is_forced_out(alice);
  world.advance(3900ms);
  CHECK(world.queue("q").ready() == 1);
  world.advance(200ms);
  CHECK(world.queue("q").ready() == 0);
  CHECK(world.has_queue("unused"));
  restarted.connect().gets("dead", "letter");
  world.advance(6s);
  CHECK_FALSE(world.has_queue("unused"));
}

TEST_CASE("what was published before a restart is confirmed and an open transaction is lost") {
  RestartedWorld restarted;
  auto alice = restarted.connect(), bob = restarted.connect();
  alice.declares(durable_queue("q")).selects_confirms();
  bob.selects_tx().publishes("q", {.body = "uncommitted", .properties = made_persistent()});
  restarted.begin();
  publishes_persistent(alice, "q", {"confirmed"});
  alice.is_confirmed(1);
  is_forced_out(alice);
  is_forced_out(bob);
  restarted.connect().gets("q", "confirmed").gets_nothing("q");
}

TEST_CASE("dead letters in flight arrive before a restart") {
  RestartedWorld restarted;
  auto alice = restarted.connect();
  const auto to_dead = Arguments{}.string("x-dead-letter-exchange", "").string("x-dead-letter-routing-key", "dead");
  alice.declares({.queue = "q", .durable = true, .arguments = to_dead.table()}).declares(durable_queue("dead"));
  publishes_persistent(alice, "q", {"1", "2", "3"});
  alice.gets("q", "1").gets("q", "2");
  restarted.begin();
  alice.rejects("1");
  is_forced_out(alice);
  restarted.connect().gets("q", redelivered("2")).gets("q", "3").gets("dead", "1").gets_nothing("dead");
}

TEST_CASE("a restart that loses everything leaves what each virtual host has from the start") {
  RestartedWorld restarted{{.definitions = R"({"vhosts": [{"name": "/"}], "policies": [
      {"vhost": "/", "name": "p", "pattern": "^q", "apply-to": "queues", "definition": {"max-length": 1}}]})"}};
  auto alice = restarted.connect();
  alice.declares(durable_queue("q")).declares_exchange({.exchange = "e", .type = "fanout", .durable = true});
  alice.binds("q", "e").binds("q", "amq.topic", "#").binds_exchange("amq.topic", "amq.fanout");
  publishes_persistent(alice, "q", {"1"});
  RestartEvents events{restarted.world};
  const auto result = restarted.restarts({.loses = loses_everything});
  CHECK(result.kept == RestartContent{});
  CHECK(result.lost == RestartContent{.queues = 1, .exchanges = 1, .bindings = 3, .messages = 1});
  CHECK(
      events.told
      == std::vector<std::string>{"queue q restarted", "message 1 restarted", "exchange e restarted", "restarted 0 1"});
  is_forced_out(alice);
  auto bob = restarted.connect();
  bob.declares(durable_queue("q")).binds("q", "amq.topic", "#").publishes_to("amq.topic", "k", "a").publishes("q", "b");
  bob.gets("q", "b").gets_nothing("q");  // the policy is still there
}

TEST_CASE("only one virtual host is restarted") {
  RestartedWorld restarted{{.virtual_hosts = {"shop"}}};
  auto alice = restarted.connect(), in_shop = restarted.connect({.virtual_host = "shop"});
  for (const auto& client : {alice, in_shop})
    publishes_persistent(client.declares(durable_queue("q")).declares("brief"), "q", {"1"}).publishes("q", "2");
  alice.consumes("q").receives("1", "2");
  const auto result = restarted.restarts({.virtual_host = "shop"});
  CHECK(result.kept == RestartContent{.queues = 1, .messages = 1});
  CHECK(result.lost == RestartContent{.queues = 1, .messages = 1});
  is_forced_out(in_shop);
  alice.acks_all().is_fine().finds("brief", {});
  restarted.connect({.virtual_host = "shop"}).gets("q", "1").gets_nothing("q");
}

TEST_CASE("a broker that stays down cuts new connections until its time is over") {
  RestartedWorld restarted;
  auto& world = restarted.world;
  auto alice = restarted.connect();
  restarted.begin({.down = 2s});
  world.settle();
  is_forced_out(alice);
  const Login login;
  world.arrive(login).shakes_hands(login).is_cut();
  CHECK_FALSE(restarted.result);
  CHECK(restarted.restart.is_busy());
  world.advance(1999ms);
  world.arrive(login).shakes_hands(login).is_cut();
  world.advance(1ms);
  CHECK(restarted.result);
  CHECK_FALSE(restarted.restart.is_busy());
  restarted.connect().is_fine();
}

TEST_CASE("a virtual host that is down refuses connections as on RabbitMQ") {
  RestartedWorld restarted{{.virtual_hosts = {"shop"}}};
  auto& world = restarted.world;
  restarted.begin({.virtual_host = "shop", .down = 2s});
  world.settle();
  const Login login{.virtual_host = "shop"};
  world.arrive(login).shakes_hands(login).connection_is_closed(
      ReplyCode::internal_error,
      "INTERNAL_ERROR - access to vhost 'shop' refused for user 'guest': vhost 'shop' is down");
  restarted.connect().is_fine();
  world.advance(2s);
  CHECK(restarted.result);
  restarted.connect(login).is_fine();
}

TEST_CASE("connections in their handshake are closed by a restart") {
  RestartedWorld restarted;
  auto& world = restarted.world;
  if (world.speaks_json()) return;
  const auto newcomer = world.arrive().sends_header();
  world.settle();
  restarted.restarts();
  (void)newcomer.answer<connection::Start>();
  newcomer.connection_is_closed(ReplyCode::connection_forced, forced_closure);
}

TEST_CASE("a client that does not answer a restart's close is cut") {
  RestartedWorld restarted;
  auto alice = restarted.connect();
  restarted.restarts();
  alice.connection_close_comes(ReplyCode::connection_forced, forced_closure);
  restarted.world.advance(10s);
  alice.is_cut();
}

TEST_CASE("restarts take place one after the other") {
  RestartedWorld restarted;
  auto alice = restarted.connect();
  alice.declares(durable_queue("q"));
  publishes_persistent(alice, "q", {"1"});
  std::vector<Restart::Result> results;
  const auto keep = [&](const Restart::Result& result) { results.push_back(result); };
  restarted.restart.restart({}, keep);
  restarted.restart.restart({.loses = loses_everything}, keep);
  restarted.world.settle();
  REQUIRE(results.size() == 2);
  CHECK(results[0].kept.messages == 1);
  CHECK(results[1].lost == RestartContent{.queues = 1, .messages = 1});
  is_forced_out(alice);
}

TEST_CASE("a restart goes before the rest of an advance of the clock") {
  RestartedWorld restarted;
  auto& world = restarted.world;
  auto alice = restarted.connect();
  alice.declares(durable_queue("q"));
  alice.publishes("q", {.body = "m", .properties = made_persistent({.expiration = "60000"})});
  broker::ClockControl clock{world.broker().context()};
  std::string order;
  clock.advance(1h, [&] { order += " advanced"; });
  restarted.restart.restart(
      {}, [&](const Restart::Result& result) { order += " restarted with " + std::to_string(result.kept.messages); });
  world.settle();
  CHECK(order == " restarted with 1 advanced");
  CHECK(world.queue("q").ready() == 0);
  is_forced_out(alice);
}

TEST_CASE("a restart drops very many messages over several turns") {
  RestartedWorld restarted;
  auto& world = restarted.world;
  auto alice = restarted.connect();
  alice.declares(durable_queue("q"));
  constexpr int messages = 40'000;
  for (int i = 0; i < messages; ++i)
    alice.end().send(
        {.channel = 1, .method = basic::Publish{.routing_key = "q"}, .content = protocol::Content{.body = "m"}});
  publishes_persistent(alice, "q", {"last"});
  world.postpone_turns();
  restarted.begin();
  CHECK(world.take_turns() > 2);
  REQUIRE(restarted.result);
  CHECK(restarted.result->lost.messages == messages);
  is_forced_out(alice);
  restarted.connect().gets("q", "last").gets_nothing("q");
}

TEST_CASE("a restart of what is not there, or for a time that is none, is refused") {
  RestartedWorld restarted;
  const auto refused = [&](const Restart::Request& request, ControlError::Kind kind, std::string_view text) {
    try {
      restarted.restart.restart(request, {});
      FAIL("it was not refused");
    } catch (const ControlError& error) {
      CHECK(error.kind() == kind);
      CHECK(error.what() == std::string{text});
    }
  };
  refused({.virtual_host = "none"}, ControlError::Kind::unknown,
          "there is no virtual host 'none' to restart: name one that exists, or none to restart the whole broker");
  refused({.down = -1ms}, ControlError::Kind::bad,
          "a restart cannot keep the broker down for -1 ms: give a time from 0 to 24 hours");
  CHECK_FALSE(restarted.restart.is_busy());
}

TEST_CASE("a virtual host may be deleted while it is restarted") {
  RestartedWorld restarted{{.virtual_hosts = {"shop"}}};
  auto& world = restarted.world;
  auto alice = restarted.connect({.virtual_host = "shop"});
  publishes_persistent(alice.declares(durable_queue("q")), "q", {"1"});
  restarted.begin({.down = 1s});
  world.settle();
  is_forced_out(alice);
  bool is_deleted = false;
  CHECK(world.broker().remove_virtual_host("shop", [&] { is_deleted = true; }));
  world.settle();
  CHECK(is_deleted);
  world.advance(1s);
  CHECK(restarted.result->lost == RestartContent{.queues = 1, .messages = 1});
}

}  // namespace pocketmq::tests
