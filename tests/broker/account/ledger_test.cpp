// The account of each message: where it is, since when, and how it ended.
#include "broker/account/ledger.hpp"

#include "broker/account/message_match.hpp"
#include "tests/support/ledger_world.hpp"

namespace pocketmq::tests {
namespace {

using broker::LedgerBounds;
using broker::LedgerConnection;
using broker::LedgerPlace;
using broker::MessageState;
using LedgerArguments = protocol::FieldTableWriter;

LedgerArguments with_dead_letters_to(std::string_view queue) {
  return LedgerArguments{}.string("x-dead-letter-exchange", "").string("x-dead-letter-routing-key", queue);
}

}  // namespace

TEST_CASE("the ledger follows a message from publish to ack") {
  LedgerWorld ledgers;
  auto& world = ledgers.world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", Publication{.body = "hello", .properties = {.correlation_id = "7"}});
  CHECK(ledgers.state(1) == MessageState::ready);
  CHECK(ledgers.message(1).routing_key == "q");
  CHECK(ledgers.message(1).body == "hello");
  CHECK(ledgers.message(1).body_bytes == 5);
  CHECK(protocol::Properties{ledgers.message(1).properties}.decode().correlation_id == "7");
  CHECK(ledgers.message(1).publisher.connection == alice.session().number());
  CHECK(ledgers.scope().alive.size() == 1);

  ledgers.advance(3s);
  auto bob = world.connect();
  bob.consumes("q", "worker").receives("hello");
  const auto& place = ledgers.message(1).places.at("q");
  CHECK(ledgers.state(1) == MessageState::unacked);
  CHECK(place.client.connection == bob.session().number());
  CHECK(place.consumer == "worker");
  CHECK(place.delivery_tag == 1);
  ledgers.advance(2s);
  CHECK(place.since.ago(world.broker().context().clock()) == 2s);
  CHECK(ledgers.message(1).published_at.ago(world.broker().context().clock()) == 5s);

  bob.acks("hello");
  CHECK(ledgers.state(1) == MessageState::acked);
  CHECK(ledgers.message(1).has_ended());
  CHECK(ledgers.scope().alive.empty());
}

TEST_CASE("the ledger tells how messages ended without an ack") {
  LedgerWorld ledgers;
  auto& world = ledgers.world;
  auto alice = world.connect();
  alice.declares("q");

  SECTION("expired") {
    alice.publishes("q", Publication{.body = "m", .properties = {.expiration = "1000"}});
    ledgers.advance(1s);
    CHECK(ledgers.state(1) == MessageState::expired);
    CHECK_FALSE(ledgers.message(1).is(MessageState::dropped));
  }
  SECTION("rejected") {
    alice.publishes("q", "m").consumes("q").receives("m").rejects("m");
    CHECK(ledgers.state(1) == MessageState::dropped);
    CHECK(ledgers.message(1).places.at("q").why_dropped == broker::event::Dropped::rejected);
  }
  SECTION("unroutable") {
    alice.publishes("nowhere", "m");
    CHECK(ledgers.state(1) == MessageState::unroutable);
    CHECK_FALSE(ledgers.message(1).is(MessageState::returned));
    CHECK_FALSE(ledgers.message(1).is(MessageState::dropped));
  }
  SECTION("returned") {
    alice.publishes("nowhere", Publication{.body = "m", .mandatory = true}).is_returned("m");
    CHECK(ledgers.state(1) == MessageState::returned);
    CHECK(ledgers.message(1).is(MessageState::unroutable));
  }
  SECTION("purged") {
    alice.publishes("q", "m").purges("q", 1);
    CHECK(ledgers.state(1) == MessageState::dropped);
  }
  SECTION("with its queue") {
    alice.publishes("q", "m").deletes("q", 1);
    CHECK(ledgers.state(1) == MessageState::dropped);
    CHECK(ledgers.scope().queues.empty());
  }
  CHECK(ledgers.message(1).has_ended());
  CHECK(ledgers.scope().alive.empty());
}

TEST_CASE("a dead letter is another message in the ledger and its parent knows it") {
  LedgerWorld ledgers;
  auto alice = ledgers.world.connect();
  const auto arguments = with_dead_letters_to("dead");
  alice.declares({.queue = "q", .arguments = arguments.table()}).declares("dead").publishes("q", "m");
  alice.consumes("q", "c").receives("m").rejects("m");
  CHECK(ledgers.state(1) == MessageState::dead_lettered);
  CHECK(ledgers.message(1).places.at("q").dead_letter == 2);
  CHECK(ledgers.message(1).places.at("q").why_dead == broker::event::Death::rejected);
  CHECK(ledgers.message(2).parent == 1);
  CHECK(ledgers.state(2) == MessageState::ready);
  CHECK(ledgers.scope().published == 1);
  CHECK(ledgers.scope().dead_letters == 1);
}

TEST_CASE("in each of its queues a message has a state of its own") {
  LedgerWorld ledgers;
  auto alice = ledgers.world.connect();
  alice.declares("a").declares("b").binds("a", "amq.fanout").binds("b", "amq.fanout");
  alice.publishes_to("amq.fanout", "k", "m").consumes("a").receives("m").acks("m");
  const std::string a = "a";
  const std::string b = "b";
  CHECK(ledgers.message(1).is(MessageState::acked, &a));
  CHECK(ledgers.message(1).is(MessageState::ready, &b));
  CHECK_FALSE(ledgers.message(1).is(MessageState::ready, &a));
  CHECK(ledgers.state(1) == MessageState::ready);
  CHECK_FALSE(ledgers.message(1).has_ended());
}

TEST_CASE("a requeued message is ready again and the ledger counts its deliveries") {
  LedgerWorld ledgers;
  auto alice = ledgers.world.connect();
  auto bob = ledgers.world.connect();
  alice.declares("q").publishes("q", "m");
  bob.consumes("q").receives("m").vanishes();
  CHECK(ledgers.state(1) == MessageState::ready);
  CHECK(ledgers.message(1).places.at("q").deliveries == 1);
  CHECK(ledgers.scope().queues.at("q").ready == 1);
  CHECK(ledgers.scope().queues.at("q").unacked.empty());
}

TEST_CASE("the ledger knows publishes that are not confirmed and transactions that are open") {
  LedgerWorld ledgers;
  auto alice = ledgers.world.connect();
  alice.declares("q").selects_tx().publishes("q", {"one", "two"});
  const auto number = alice.session().number();
  CHECK(ledgers.state(1) == MessageState::published);
  CHECK(ledgers.scope().unrouted == 2);
  CHECK(ledgers.ledger.find_connection(number)->channels.at(1).uncommitted.count == 2);
  SECTION("committed") {
    alice.commits();
    CHECK(ledgers.state(1) == MessageState::ready);
  }
  SECTION("rolled back") {
    alice.rolls_back();
    CHECK(ledgers.state(1) == MessageState::dropped);
    CHECK(ledgers.message(1).dropped == broker::event::Dropped::rolled_back);
    CHECK(ledgers.scope().happened.empty());
  }
  CHECK(ledgers.scope().unrouted == 0);
  CHECK(ledgers.ledger.find_connection(number)->channels.at(1).uncommitted.count == 0);
}

TEST_CASE("the ledger knows how each connection has ended") {
  LedgerWorld ledgers;
  auto& world = ledgers.world;
  auto alice = world.connect({.name = "alice"});
  auto bob = world.connect({.name = "bob"});
  const auto alice_number = alice.session().number();
  const auto bob_number = bob.session().number();
  CHECK(ledgers.scope().connections.size() == 2);
  CHECK(ledgers.ledger.name_of_connection(alice_number) == "alice");
  alice.closes();
  bob.vanishes();
  CHECK(ledgers.scope().connections.empty());
  CHECK(ledgers.scope().connections_finished == 1);
  CHECK(ledgers.ledger.find_connection(alice_number)->is == LedgerConnection::Is::closed_by_client);
  CHECK(ledgers.ledger.find_connection(bob_number)->is == LedgerConnection::Is::lost);

  const auto guest = world.arrive_raw().sends_bytes("AMQP");
  CHECK(ledgers.ledger.logging_in() == 1);
  guest.vanishes();
  CHECK(ledgers.ledger.logging_in() == 0);
}

TEST_CASE("whole bodies are in the ledger up to its bound") {
  LedgerWorld ledgers{{}, {.body_bytes = 5'000}};
  auto alice = ledgers.world.connect();
  const std::string long_body(4'000, 'x');
  const std::string too_long_body(6'000, 'x');
  alice.declares("q").publishes("q", long_body).publishes("q", too_long_body);
  CHECK(ledgers.message(1).body == long_body);
  CHECK(ledgers.message(2).body == too_long_body.substr(0, 5'000));
  CHECK(ledgers.message(2).body_bytes == 6'000);
}

TEST_CASE("messages that ended first leave a full ledger first") {
  LedgerWorld ledgers{{}, {.total_bytes = 50'000}};
  auto& world = ledgers.world;
  auto alice = world.connect();
  const std::string body(1'000, 'x');
  const auto used = world.broker().context().memory().used();
  alice.declares("q").declares("kept").publishes("kept", body).consumes("q", "c");
  for (int i = 0; i < 200; ++i) alice.publishes("q", body).receives(body).acks_all();
  CHECK(ledgers.ledger.charged_bytes() <= 50'000);
  CHECK(ledgers.ledger.find(1) != nullptr);
  CHECK(ledgers.ledger.find(2) == nullptr);
  CHECK(ledgers.ledger.find(201) != nullptr);
  CHECK(ledgers.scope().messages_dropped == 201 - ledgers.ledger.message_count());
  CHECK(ledgers.scope().published == 201);
  CHECK(world.broker().context().memory().used() >= used + ledgers.ledger.charged_bytes());
}

TEST_CASE("if messages that have not ended fill the ledger it leaves out contents") {
  LedgerWorld ledgers{{}, {.total_bytes = 50'000}};
  auto alice = ledgers.world.connect();
  const std::string body(1'000, 'x');
  alice.declares("q");
  for (int i = 0; i < 100; ++i) alice.publishes("q", body);
  CHECK(ledgers.message(1).body == body);
  CHECK(ledgers.message(100).content_is_left_out);
  CHECK(ledgers.message(100).body.empty());
  CHECK(ledgers.message(100).body_bytes == 1'000);
  CHECK(ledgers.state(100) == MessageState::ready);
  CHECK(ledgers.ledger.message_count() == 100);
  CHECK(ledgers.scope().alive.size() == 100);
  alice.publishes("q", "short");
  CHECK(ledgers.message(101).body == "short");
}

TEST_CASE("a ledger gives back the memory that it has charged") {
  World world;
  auto alice = world.connect();
  alice.declares("q");
  const auto used = world.broker().context().memory().used();
  {
    broker::Ledger ledger{world.broker()};
    alice.publishes("q", "m");
    alice.purges("q", 1);
    CHECK(ledger.charged_bytes() > 0);
    CHECK(world.broker().context().memory().used() == used + ledger.charged_bytes());
  }
  CHECK(world.broker().context().memory().used() == used);
}

TEST_CASE("messages are listed by scope queue and state in pages") {
  LedgerWorld ledgers;
  auto& world = ledgers.world;
  world.broker().add_virtual_host("other");
  auto alice = world.connect();
  alice.declares("a").declares("b").publishes("a", {"1", "2", "3"}).publishes("b", "4");
  alice.gets("a", message("1")).acks("1");
  const auto numbers = [&](const broker::MessageQuery& query) {
    std::vector<std::uint64_t> found;
    for (const auto* each : ledgers.ledger.messages(query).messages) found.push_back(each->number);
    return found;
  };
  using Numbers = std::vector<std::uint64_t>;
  CHECK(numbers({.vhost = "/"}) == Numbers{1, 2, 3, 4});
  CHECK(numbers({.vhost = "other"}).empty());
  CHECK(numbers({.queue = "a"}) == Numbers{1, 2, 3});
  CHECK(numbers({.queue = "a", .state = MessageState::ready}) == Numbers{2, 3});
  CHECK(numbers({.state = MessageState::acked}) == Numbers{1});
  const auto page = ledgers.ledger.messages({.vhost = "/", .max = 3});
  CHECK(page.messages.size() == 3);
  CHECK(page.next == 4);
  CHECK(numbers({.vhost = "/", .from = page.next}) == Numbers{4});
  CHECK(ledgers.ledger.messages({.vhost = "/"}).next == 0);
  const auto found = ledgers.ledger.find({.body = broker::TextMatch{"3"}}, {.vhost = "/"});
  REQUIRE(found.messages.size() == 1);
  CHECK(found.messages[0]->number == 3);
}

TEST_CASE("a message's life is told by the journal's events") {
  broker::Options options;
  options.journal_bytes = 1 << 20;
  LedgerWorld ledgers{{.options = options}};
  auto alice = ledgers.world.connect();
  alice.declares("q").publishes("q", {"m", "n"}).consumes("q").receives("m", "n").acks("m");
  const auto life = ledgers.ledger.life(1);
  std::vector<std::string> kinds;
  for (const auto& line : life) {
    const auto begin = line.find("\"kind\":\"") + 8;
    kinds.push_back(line.substr(begin, line.find('"', begin) - begin));
    CHECK(line.find("\"message\":1,") != line.npos);
  }
  CHECK(kinds
        == std::vector<std::string>{"message.published", "message.routed", "message.enqueued", "message.delivered",
                                    "message.acked"});
  CHECK(ledgers.ledger.life(99).empty());
}

TEST_CASE("what is known of a forgotten virtual host goes in slices") {
  LedgerWorld ledgers;
  auto& world = ledgers.world;
  world.broker().add_virtual_host("scope");
  world.broker().users().put([&] {
    auto user = *world.broker().users().find("guest");
    user.permissions.emplace("scope", broker::Permissions{});
    return user;
  }());
  auto alice = world.connect({.virtual_host = "scope"});
  auto bob = world.connect();
  alice.declares("q").publishes("q", {"1", "2"});
  bob.declares("q").publishes("q", "3");
  ledgers.ledger.forget("scope");
  CHECK(ledgers.ledger.find_scope("scope") == nullptr);
  world.settle();
  CHECK(ledgers.ledger.find(1) == nullptr);
  CHECK(ledgers.ledger.find(3) != nullptr);
  CHECK(ledgers.ledger.message_count() == 1);
  alice.purges("q", 2).closes();
  CHECK(ledgers.ledger.message_count() == 1);
}

TEST_CASE("what happened to messages is tallied by name") {
  LedgerWorld ledgers;
  auto& world = ledgers.world;
  auto alice = world.connect();
  alice.declares("q").publishes("nowhere", {"1", "2"});
  auto bob = world.connect();
  bob.consumes({.queue = "q", .consumer_tag = "c", .no_ack = true});
  alice.publishes("q", "3");
  bob.receives("3").vanishes();
  const auto& happened = ledgers.scope().happened;
  using broker::Happened;
  CHECK(happened.at({Happened::unroutable, ""}).count == 2);
  CHECK(happened.at({Happened::unroutable, ""}).samples == std::vector<std::uint64_t>{1, 2});
  CHECK(happened.at({Happened::lost, "q"}).samples == std::vector<std::uint64_t>{3});
  CHECK(happened.size() == 2);
}

}  // namespace pocketmq::tests
