// A virtual host is deleted while clients are in it.
#include "broker/core/context.hpp"
#include "broker/session/broker.hpp"
#include "tests/support/state_check.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

namespace event = broker::event;
using Arguments = protocol::FieldTableWriter;

constexpr auto shop_is_deleted = "CONNECTION_FORCED - vhost 'shop' is deleted";

WorldSetup with_shop(broker::Options options = {}) {
  options.virtual_hosts = {"shop"};
  return {.options = std::move(options)};
}

const Login to_shop{.virtual_host = "shop"};

// Begins to delete the virtual host "shop".
struct RemovingShop {
  explicit RemovingShop(World& world) {
    CHECK(world.broker().remove_virtual_host("shop", [this] { is_done = true; }));
  }
  bool is_done{false};
};

void deletes_shop(World& world) {
  const RemovingShop removing{world};
  world.settle();
  CHECK(removing.is_done);
}

void is_sent_away(const Client& client, At at = At::current()) {
  client.connection_is_closed(ReplyCode::connection_forced, shop_is_deleted, at);
}

}  // namespace

TEST_CASE("a deleted virtual host closes its connections and only those") {
  World world{with_shop()};
  auto alice = world.connect(to_shop), bob = world.connect();
  alice.declares("q").publishes("q", "1");
  bob.declares("q").publishes("q", "2");
  deletes_shop(world);
  is_sent_away(alice);
  bob.gets("q", "2").is_fine();
  CHECK(world.broker().find_virtual_host("shop") == nullptr);
  world.arrive(to_shop).shakes_hands(to_shop).connection_is_closed(ReplyCode::not_allowed,
                                                                   "NOT_ALLOWED - vhost shop not found");
  CHECK_FALSE(world.broker().remove_virtual_host("shop"));
}

TEST_CASE("the journal tells what goes with a virtual host before its end") {
  World world{with_shop()};
  auto alice = world.connect(to_shop);
  alice.declares("b").declares("a").declares_exchange("e", "fanout").binds("a", "e").consumes("a");
  alice.binds_exchange("amq.topic", "amq.fanout").publishes("b", "m");
  std::vector<std::string> told;
  const auto tell = [&](std::string_view kind, std::string_view what, event::Gone reason) {
    told.push_back(std::string{kind} + ' ' + std::string{what} + ' ' + std::string{event::name_of(reason)});
  };
  const auto subscription = world.broker().journal().subscribe([&](const broker::Entry& entry) {
    if (const auto* e = entry.find<event::QueueDeleted>()) tell("queue", e->queue.view(), e->reason);
    if (const auto* e = entry.find<event::ExchangeDeleted>()) tell("exchange", e->exchange.view(), e->reason);
    if (const auto* e = entry.find<event::BindingDeleted>()) tell("binding", e->source.view(), e->reason);
    if (const auto* e = entry.find<event::ConsumerCancelled>()) tell("consumer of", e->queue.view(), e->reason);
    if (entry.find<event::ConnectionClosed>() != nullptr) told.emplace_back("connection");
    if (entry.find<event::MessageDropped>() != nullptr) told.emplace_back("message");
    if (const auto* e = entry.find<event::VhostDeleted>()) told.push_back("vhost " + std::string{e->vhost.view()});
  });
  deletes_shop(world);
  CHECK(told
        == std::vector<std::string>{"connection", "consumer of a channel_ended", "queue a vhost_deleted",
                                    "queue b vhost_deleted", "message", "exchange e vhost_deleted",
                                    "binding e queue_deleted", "binding amq.fanout exchange_deleted", "vhost shop"});
  is_sent_away(alice);
}

TEST_CASE("a virtual host that is made again is empty and nobody has permissions for it") {
  World world{with_shop()};
  auto& users = world.broker().users();
  users.put({.name = "alice",
             .password = broker::PasswordHash::of("secret", "salt"),
             .permissions = {{"shop", broker::Permissions{}}, {"/", broker::Permissions{}}}});
  const Login login{.user = "alice", .password = "secret", .virtual_host = "shop"};
  auto alice = world.connect(login);
  alice.declares({.queue = "q", .durable = true}).declares_exchange("e", "fanout");
  deletes_shop(world);
  is_sent_away(alice);
  CHECK_FALSE(users.find("alice")->may_open("shop"));
  CHECK(users.find("alice")->may_open("/"));
  auto& shop = world.broker().add_virtual_host("shop");
  CHECK(shop.queue_count() == 0);
  CHECK(shop.declared_exchange_count() == 0);
  world.arrive(login).shakes_hands(login).connection_is_closed(
      ReplyCode::not_allowed, "NOT_ALLOWED - access to vhost 'shop' refused for user 'alice'");
}

TEST_CASE("the name of a virtual host that is being deleted is not free yet") {
  World world{with_shop()};
  {
    const RemovingShop removing{world};
    CHECK(world.broker().find_virtual_host("shop") == nullptr);
    CHECK_THROWS_WITH(world.broker().add_virtual_host("shop"),
                      "vhost 'shop' is being deleted; add it again when that is done");
    CHECK_FALSE(world.broker().remove_virtual_host("shop"));
    world.settle();
    CHECK(removing.is_done);
  }
  CHECK(world.broker().add_virtual_host("shop").name() == "shop");
}

TEST_CASE("all that clients hold in a deleted virtual host goes") {
  World world{with_shop()};
  auto alice = world.connect(to_shop), bob = world.connect(to_shop), carol = world.connect(to_shop);
  const auto dead_letters =
      Arguments{}.string("x-dead-letter-exchange", "").string("x-dead-letter-routing-key", "dead");
  alice.declares({.queue = "q", .arguments = dead_letters.table()}).declares("dead");
  alice.declares({.queue = "own", .exclusive = true}).declares({.queue = "auto", .auto_delete = true});
  alice.publishes("q", {"1", "2", "3", "4"}).publishes("own", "5").publishes("auto", "6");
  bob.prefetches(1).consumes("q").receives("1");
  alice.consumes("auto", "a").receives("6").gets("q", "2").on_channel(1).selects_tx().publishes("q", "7");
  carol.consumes({.queue = "amq.rabbitmq.reply-to", .consumer_tag = "r", .no_ack = true});
  carol.publishes("q", {.body = "8", .properties = {.reply_to = "amq.rabbitmq.reply-to"}});
  const auto before = world.broker().context().quotas().queues.used();
  CHECK(before == 4);
  deletes_shop(world);
  CHECK(world.state_check().state().message_count() == 0);
  CHECK(world.broker().context().quotas().queues.used() == 0);
  CHECK(world.broker().context().quotas().consumers.used() == 0);
  CHECK(world.broker().context().quotas().bindings.used() == 0);
  for (const auto& client : {alice, bob, carol}) is_sent_away(client);
}

TEST_CASE("a client that has not answered yet may outlive its virtual host") {
  World world{with_shop()};
  auto alice = world.connect(to_shop), bob = world.connect(to_shop);
  alice.declares("q").publishes("q", "1").gets("q", "1");
  deletes_shop(world);
  alice.connection_close_comes(ReplyCode::connection_forced, shop_is_deleted);
  alice.sends(basic::Get{.queue = "q"}).sends(queue::Declare{.queue = "q"});
  alice.vanishes();
  is_sent_away(bob);
}

TEST_CASE("work that is under way in a virtual host is ended before it is deleted") {
  World world{with_shop()};
  auto alice = world.connect(to_shop), bob = world.connect(to_shop);
  constexpr int queues = 3'000;
  for (int i = 0; i < queues; ++i) {
    const auto name = "q" + std::to_string(i);
    alice.sends(queue::Declare{.queue = name, .no_wait = true});
    alice.sends(queue::Bind{.queue = name, .exchange = "amq.fanout", .no_wait = true});
  }
  bob.selects_tx();
  for (int i = 0; i < 20; ++i) bob.publishes_to("amq.fanout", "", "in a transaction");
  world.settle();
  world.postpone_turns();
  for (int i = 0; i < 20; ++i) alice.publishes_to("amq.fanout", "", "to all");
  bob.sends(tx::Commit{});
  const RemovingShop removing{world};
  CHECK(world.take_turns() > 1);
  CHECK(removing.is_done);
  CHECK(world.state_check().state().message_count() == 0);
  CHECK(world.broker().context().quotas().queues.used() == 0);
}

TEST_CASE("a client that is leaving its virtual host is answered although that is deleted") {
  World world{with_shop()};
  auto alice = world.connect(to_shop);
  constexpr int queues = 5'000;
  for (int i = 0; i < queues; ++i)
    alice.sends(queue::Declare{.queue = "q" + std::to_string(i), .exclusive = true, .no_wait = true});
  world.settle();
  world.postpone_turns();
  alice.on_channel(0).sends(connection::Close{.reply_code = 200, .reply_text = "bye"});
  const RemovingShop removing{world};
  world.take_turns();
  world.settle();
  CHECK(removing.is_done);
  alice.on_channel(0).is_answered(connection::CloseOk{});
}

TEST_CASE("dead letters that wait for memory do not keep a deleted virtual host") {
  World world{with_shop({.memory_max_bytes = 1'000'000})};
  auto alice = world.connect(to_shop);
  const auto dead_letters = Arguments{}.string("x-dead-letter-exchange", "dlx");
  alice.declares_exchange("dlx", "fanout").declares("d1").declares("d2").binds("d1", "dlx").binds("d2", "dlx");
  alice.declares({.queue = "q", .arguments = dead_letters.table()}).publishes("q", {"1", "2"}).gets("q", "1");
  auto& memory = world.broker().context().memory();
  memory.charge(3 * memory.mark());
  alice.rejects("1");
  deletes_shop(world);
  memory.release(3 * memory.mark());
  CHECK(world.state_check().state().message_count() == 0);
  is_sent_away(alice);
}

TEST_CASE("a removed user's connections are closed and the user may not come back") {
  World world;
  auto& broker = world.broker();
  broker.users().put({.name = "alice",
                      .password = broker::PasswordHash::of("secret", "salt"),
                      .permissions = {{"/", broker::Permissions{}}}});
  const Login login{.user = "alice", .password = "secret"};
  auto alice = world.connect(login), bob = world.connect();
  CHECK(broker.remove_user("alice"));
  CHECK_FALSE(broker.remove_user("alice"));
  CHECK(broker.users().find("alice") == nullptr);
  world.settle();
  alice.connection_is_closed(ReplyCode::connection_forced, "CONNECTION_FORCED - user 'alice' is deleted");
  bob.is_fine();
  const std::string mechanism = world.speaks_json() ? "JSON" : "PLAIN";
  world.arrive(login).shakes_hands(login).connection_is_closed(
      ReplyCode::access_refused, "ACCESS_REFUSED - Login was refused using authentication mechanism " + mechanism
                                     + ": user 'alice' is unknown, or the password is wrong");
}

}  // namespace pocketmq::tests
