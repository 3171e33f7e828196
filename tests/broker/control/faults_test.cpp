// Lawful faults: what a RabbitMQ may do to its clients, done to the commands that rules name.
#include "broker/control/faults.hpp"

#include "broker/request/control_error.hpp"
#include "tests/support/faulty_world.hpp"

namespace pocketmq::tests {

TEST_CASE("the second publish is nacked and goes nowhere, and the others are acked") {
  FaultyWorld faulty;
  faulty.add({.on = {.method = "basic.publish"}, .when = fault::Nth{2}, .act = fault::Nack{}});
  auto alice = faulty.world.connect();
  alice.declares("q").selects_confirms();
  const Kinds kinds{faulty.world.broker()};
  alice.publishes("q", "1").is_confirmed(1).publishes("q", "2").is_refused(2).publishes("q", "3").is_confirmed(3);
  CHECK(kinds.text()
        == "message.published, message.routed, message.enqueued, publish.confirmed, fault.fired, message.published, "
           "message.dropped fault, publish.nacked, message.published, message.routed, message.enqueued, "
           "publish.confirmed");
  alice.gets("q", "1").gets("q", "3").gets_nothing("q");
  const auto report = faulty.only();
  CHECK(report.seen == 3);
  REQUIRE(report.fired.size() == 1);
  CHECK(report.fired[0].event > 0);
  CHECK(report.fired[0].text
        == "basic.publish with routing key 'q' on channel 1 of connection 1 ('client 1') was nacked");
}

TEST_CASE("a nack is refused where nobody asked for confirms, and the publish goes its way") {
  FaultyWorld faulty;
  faulty.add({.name = "refusal", .on = {.method = "basic.publish"}, .act = fault::Nack{}});
  auto alice = faulty.world.connect();
  alice.declares("q").publishes("q", "1").gets("q", "1");
  CHECK(faulty.fired() == 0);
  CHECK(faulty.could_not().find("its channel is not in confirm mode") != std::string::npos);
}

TEST_CASE("a nacked publish between others is nacked alone") {
  FaultyWorld faulty;
  faulty.add({.on = {.method = "basic.publish", .body = "bad"}, .act = fault::Nack{}});
  auto alice = faulty.world.connect();
  alice.declares("q").selects_confirms().publishes_at_once("q", {"1", "bad", "3"});
  alice.is_confirmed_up_to(1).is_confirmed(3);
  REQUIRE(alice.end().inbox().size() == 1);
  CHECK(alice.end().inbox().front().method == protocol::Method{basic::Nack{.delivery_tag = 2, .requeue = true}});
  alice.end().inbox().clear();
  alice.gets("q", "1").gets("q", "3");
}

TEST_CASE("a mandatory publish is returned although it has a queue, and then acked") {
  FaultyWorld faulty;
  faulty.add({.on = {.method = "basic.publish", .routing_key = TextMatch{"q"}}, .act = fault::Return{}});
  auto alice = faulty.world.connect();
  alice.declares("q").selects_confirms();
  alice.publishes("q", {.body = "m", .mandatory = true}).is_returned("m").is_confirmed(1).gets_nothing("q");
  CHECK(faulty.fired() == 1);
  alice.publishes("q", "not mandatory").is_confirmed(2).gets("q", "not mandatory");
  CHECK(faulty.could_not().find("it is not mandatory") != std::string::npos);
}

TEST_CASE("a full queue nacks a publish with confirms, and drops one without") {
  FaultyWorld faulty;
  faulty.add({.on = {.method = "basic.publish"}, .act = fault::Full{}});
  auto alice = faulty.world.connect(), bob = faulty.world.connect();
  alice.declares("q").selects_confirms().publishes("q", "1").is_refused(1);
  const Kinds kinds{faulty.world.broker()};
  bob.publishes("q", "2").is_fine();
  alice.gets_nothing("q");
  CHECK(kinds.text() == "fault.fired, message.published, message.dropped queue_full, channel.flow");
}

TEST_CASE("a command closes its channel instead of being carried out") {
  FaultyWorld faulty;
  faulty.add({.on = {.method = "basic.publish"}, .when = fault::Nth{1}, .act = fault::CloseChannel{406, "no more"}});
  auto alice = faulty.world.connect();
  alice.declares("q").publishes("q", "1").channel_is_closed(ReplyCode::precondition_failed,
                                                            "PRECONDITION_FAILED - no more");
  alice.opens_channel(1).publishes("q", "2").gets("q", "2");
}

TEST_CASE("a delivery closes its channel after it was sent, and its message comes back") {
  FaultyWorld faulty;
  faulty.add({.on = {.method = "basic.deliver", .queue = TextMatch{"q"}},
              .when = fault::Nth{2},
              .act = fault::CloseChannel{406, "over"}});
  auto alice = faulty.world.connect(), bob = faulty.world.connect();
  alice.declares("q").declares("other").consumes("q", "c").consumes("other");
  bob.publishes("other", "0").publishes("q", "1");
  alice.receives("0", "1");
  bob.publishes("q", "2");
  alice.channel_is_closed(ReplyCode::precondition_failed, "PRECONDITION_FAILED - over");
  alice.opens_channel(1);
  bob.gets("q", redelivered("1")).gets("q", redelivered("2"));
}

TEST_CASE("a command closes its connection with any code") {
  FaultyWorld faulty;
  faulty.add({.on = {.method = "queue.declare"}, .act = fault::CloseConnection{320, "maintenance"}});
  auto alice = faulty.world.connect();
  alice.sends(queue::Declare{.queue = "q"});
  alice.connection_is_closed(ReplyCode::connection_forced, "CONNECTION_FORCED - maintenance");
  CHECK(!faulty.world.has_queue("q"));
}

TEST_CASE("a consumer is cancelled after its first delivery, as if its queue had gone") {
  FaultyWorld faulty;
  faulty.add({.on = {.method = "basic.deliver"}, .when = fault::Nth{1}, .act = fault::Cancel{}});
  auto alice = faulty.world.connect();
  alice.declares("q").publishes("q", {"1", "2"}).prefetches(1).consumes("q", "c").is_cancelled("c").receives("1");
  CHECK(faulty.world.queue("q").consumers() == 0);
  alice.acks("1").gets("q", "2");
}

TEST_CASE("a consumer is cancelled as soon as it has begun") {
  FaultyWorld faulty;
  faulty.add({.on = {.method = "basic.consume-ok", .queue = TextMatch{"q"}}, .act = fault::Cancel{}});
  auto alice = faulty.world.connect();
  alice.declares("q").consumes("q", "c").is_cancelled("c");
  CHECK(faulty.world.queue("q").consumers() == 0);
}

TEST_CASE("a publish is blocked for two seconds of the broker's clock, and a client that understands it is told") {
  FaultyWorld faulty;
  faulty.add({.on = {.method = "basic.publish"}, .when = fault::Nth{1}, .act = fault::Block{2s}});
  auto alice = faulty.world.connect({.understands_blocked = true});
  alice.declares("q").publishes("q", "1").is_blocked();
  CHECK(alice.session().is_blocked());
  CHECK(faulty.world.queue("q").ready() == 0);
  faulty.world.advance(1999ms);
  CHECK(faulty.world.queue("q").ready() == 0);
  faulty.world.advance(1ms);
  alice.is_unblocked().gets("q", "1").publishes("q", "2").gets("q", "2");
}

TEST_CASE("a connection is blocked once it is open, and unblocked by another rule") {
  FaultyWorld faulty;
  faulty.add({.on = {.method = "connection.open"}, .act = fault::Block{}});
  faulty.add({.on = {.method = "basic.deliver"}, .act = fault::Unblock{}});
  auto bob = faulty.world.arrive({.understands_blocked = true});
  bob.shakes_hands({.understands_blocked = true}).is_answered(connection::OpenOk{});
  if (!faulty.world.speaks_json()) bob.opens_channel(1);
  bob.is_blocked().declares("q").consumes("q");
  bob.publishes("q", "1").receives_nothing();
  faulty.faults.remove(1);
  faulty.world.connect().publishes("q", "from another");
  bob.is_unblocked().receives("from another", "1");
}

TEST_CASE("a declaration is refused as RabbitMQ would") {
  FaultyWorld faulty;
  faulty.add({.on = {.method = "queue.declare", .queue = TextMatch{"a"}}, .act = fault::Refuse{}});
  faulty.add({.on = {.method = "queue.declare", .queue = TextMatch{"b"}}, .act = fault::Refuse{403}});
  faulty.add({.on = {.method = "exchange.declare"}, .act = fault::Refuse{404}});
  auto alice = faulty.world.connect();
  alice.sends(queue::Declare{.queue = "a", .durable = true});
  alice.channel_is_closed(ReplyCode::precondition_failed,
                          "PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'a' in vhost '/': received "
                          "'true' but current is 'false'");
  alice.opens_channel(1).sends(queue::Declare{.queue = "b"});
  alice.channel_is_closed(ReplyCode::access_refused,
                          "ACCESS_REFUSED - access to queue 'b' in vhost '/' refused for user 'guest'");
  alice.opens_channel(1).sends(exchange::Declare{.exchange = "e", .type = "fanout", .passive = true});
  alice.channel_is_closed(ReplyCode::not_found, "NOT_FOUND - no exchange 'e' in vhost '/'");
  alice.opens_channel(1).declares("c");
}

TEST_CASE("a publish is carried out later, and what comes after it on the connection waits, too") {
  FaultyWorld faulty;
  faulty.add({.on = {.method = "basic.publish"}, .when = fault::Nth{1}, .act = fault::Delay{3s}});
  auto alice = faulty.world.connect(), bob = faulty.world.connect();
  alice.declares("q").publishes("q", {"1", "2"});
  bob.publishes("q", "3");
  CHECK(faulty.world.queue("q").ready() == 1);
  faulty.world.advance(2999ms);
  CHECK(faulty.world.queue("q").ready() == 1);
  faulty.world.advance(1ms);
  bob.gets("q", "3").gets("q", "1").gets("q", "2");
}

TEST_CASE("a slow delivery holds up what is sent after it") {
  FaultyWorld faulty;
  faulty.add({.on = {.method = "basic.deliver"}, .when = fault::Nth{1}, .act = fault::Delay{5s}});
  auto alice = faulty.world.connect();
  alice.declares("q").consumes("q").publishes("q", {"1", "2"}).sends(queue::Declare{.queue = "q"}).receives_nothing();
  CHECK(faulty.world.queue("q").unacked() == 2);
  faulty.world.advance(4999ms);
  alice.receives_nothing();
  faulty.world.advance(1ms);
  alice.is_answered(queue::DeclareOk{.queue = "q", .consumer_count = 1}).receives("1", "2").acks("1").acks("2");
  CHECK(faulty.world.queue("q").unacked() == 0);
}

TEST_CASE("a client that closes while its output is delayed gets all of it, and then the answer") {
  FaultyWorld faulty;
  faulty.add({.on = {.method = "basic.deliver"}, .when = fault::Nth{1}, .act = fault::Delay{5s}});
  auto alice = faulty.world.connect();
  alice.declares("q").consumes("q").publishes("q", "1").on_channel(0).sends(connection::Close{.reply_code = 200});
  faulty.world.advance(4s);
  CHECK(alice.end().is_open());
  faulty.world.advance(1s);
  CHECK(!alice.end().is_open());
  alice.receives("1");
}

TEST_CASE("a consumer gets a message twice: its ack got lost") {
  FaultyWorld faulty;
  faulty.add(
      {.on = {.method = "basic.deliver", .queue = TextMatch{"q"}}, .when = fault::Nth{1}, .act = fault::Redeliver{}});
  auto alice = faulty.world.connect();
  alice.declares("q").prefetches(1).consumes("q").publishes("q", {"1", "2"});
  alice.receives(message("1").tagged(1));
  const Kinds kinds{faulty.world.broker()};
  alice.acks("1").receives(redelivered("1").tagged(2));
  CHECK(kinds.text() == "message.requeued ack_lost, message.delivered");
  alice.acks("1").receives(message("2").tagged(3)).acks("2").is_fine();
  CHECK(faulty.world.queue("q").unacked() == 0);
}

TEST_CASE("an ack of several deliveries loses only the ack of the one that comes twice") {
  FaultyWorld faulty;
  faulty.add(
      {.on = {.method = "basic.deliver", .body = TextMatch{"2"}}, .when = fault::Nth{1}, .act = fault::Redeliver{}});
  auto alice = faulty.world.connect();
  alice.declares("q").consumes("q").publishes("q", {"1", "2", "3"}).receives("1", "2", "3");
  SECTION("up to a later one") { alice.acks_up_to("3"); }
  SECTION("up to itself") { alice.acks_up_to("2").acks("3"); }
  SECTION("all") { alice.acks_all(); }
  alice.receives(redelivered("2")).acks("2").is_fine();
  CHECK(faulty.world.queue("q").unacked() == 0);
}

TEST_CASE("the rule of an ack delivers its message again") {
  FaultyWorld faulty;
  faulty.add({.on = {.method = "basic.ack", .direction = fault::Direction::to_broker, .queue = TextMatch{"q"}},
              .when = fault::Nth{1},
              .act = fault::Redeliver{}});
  auto alice = faulty.world.connect();
  alice.declares("q").consumes("q").publishes("q", "1").receives("1").acks("1");
  alice.receives(redelivered("1")).acks("1").receives_nothing();
}

TEST_CASE("a consumer without acks gets nothing twice") {
  FaultyWorld faulty;
  faulty.add({.on = {.method = "basic.deliver"}, .act = fault::Redeliver{}});
  auto alice = faulty.world.connect();
  alice.declares("q").consumes({.queue = "q", .no_ack = true}).publishes("q", "1").receives("1");
  CHECK(faulty.could_not().find("its consumer does not ack") != std::string::npos);
}

TEST_CASE("tags of an earlier channel of the same number mean nothing to a later one") {
  FaultyWorld faulty;
  faulty.add({.on = {.method = "basic.deliver"}, .when = fault::Nth{1}, .act = fault::Redeliver{}});
  auto alice = faulty.world.connect();
  alice.declares("q").consumes("q").publishes("q", "1").receives("1").closes_channel().opens_channel(1);
  alice.consumes("q").receives(redelivered("1")).acks("1").receives_nothing();
}

TEST_CASE("a rule restarts the broker in a turn of its own") {
  FaultyWorld faulty;
  CHECK_THROWS_AS(faulty.add({.on = {.method = "basic.publish"}, .act = fault::Restart{}}), broker::ControlError);
  faulty.faults.on_restart([&] { faulty.world.broker().shut_down("restart"); });
  faulty.add({.on = {.method = "basic.publish"}, .act = fault::Restart{}});
  auto alice = faulty.world.connect();
  alice.declares("q").publishes("q", "1").connection_is_closed(ReplyCode::connection_forced,
                                                               "CONNECTION_FORCED - restart");
  CHECK(faulty.world.queue("q").ready() == 0);
}

// ---- which commands, and how often

TEST_CASE("a rule knows its commands by patterns, and by the connection's name and number") {
  FaultyWorld faulty;
  const auto matching = [](const char* pattern) { return TextMatch{broker::Pattern{pattern}}; };
  faulty.add({.on = {.method = "basic.publish", .connection = matching("^work"), .routing_key = matching("^o.*s$")},
              .act = fault::Full{}});
  faulty.add(
      {.on = {.method = "basic.publish", .connection_number = 2, .body = matching("[0-9]")}, .act = fault::Full{}});
  auto worker = faulty.world.connect({.name = "worker"}), other = faulty.world.connect({.name = "a worker"});
  worker.declares("orders").declares("others").declares("q");
  worker.publishes("orders", "w1").publishes("others", "w2").publishes("q", "w3");
  other.publishes("orders", "o").publishes("orders", "o1");
  worker.gets("q", "w3").gets("orders", "o").gets_nothing("orders").gets_nothing("others");
  CHECK(faulty.faults.report(1).fired_count == 2);
  CHECK(faulty.faults.report(2).fired_count == 1);
}

TEST_CASE("a rule fires at the nth, at the first ones, at each nth, or each time") {
  FaultyWorld faulty;
  const auto full = [&](const char* queue, fault::When when) {
    faulty.add(
        {.on = {.method = "basic.publish", .routing_key = TextMatch{queue}}, .when = when, .act = fault::Full{}});
  };
  full("nth", fault::Nth{2});
  full("times", fault::Times{2});
  full("every", fault::Every{2});
  full("each", fault::Each{});
  auto alice = faulty.world.connect();
  for (const auto* queue : {"nth", "times", "every", "each"})
    alice.declares(queue).publishes(queue, {"1", "2", "3", "4"});
  alice.gets("nth", "1").gets("nth", "3").gets("nth", "4").gets_nothing("nth");
  alice.gets("times", "3").gets("times", "4").gets_nothing("times");
  alice.gets("every", "1").gets("every", "3").gets_nothing("every").gets_nothing("each");
}

TEST_CASE("chance depends on the broker's seed only") {
  const auto refused_of_100 = [] {
    FaultyWorld faulty{{.encoding = Encoding::amqp}};
    faulty.add({.on = {.method = "basic.publish"}, .when = fault::Chance{0.3}, .act = fault::Full{}});
    auto alice = faulty.world.connect();
    alice.declares("q");
    std::string refused;
    for (int i = 0; i < 100; ++i) {
      const auto before = faulty.fired();
      alice.publishes("q", "m");
      refused += faulty.fired() > before ? 'x' : '.';
    }
    return refused;
  };
  const auto first = refused_of_100();
  CHECK(first == refused_of_100());
  const auto count = std::ranges::count(first, 'x');
  CHECK(count > 15);
  CHECK(count < 45);
}

TEST_CASE("the first rule that fires acts, and the others have seen the command") {
  FaultyWorld faulty;
  faulty.add({.name = "first", .on = {.method = "basic.publish"}, .when = fault::Nth{2}, .act = fault::Full{}});
  faulty.add({.name = "second", .on = {.method = "basic.publish"}, .act = fault::Nack{}});
  auto alice = faulty.world.connect();
  alice.declares("q").selects_confirms().publishes("q", "1").is_refused(1).publishes("q", "2").is_refused(2);
  CHECK(faulty.faults.report(1).fired_count == 1);
  CHECK(faulty.faults.report(2).fired_count == 1);
  CHECK(faulty.faults.report(2).seen == 2);
}

TEST_CASE("a rule of a scope is about its virtual host, and is told of if it never fired") {
  FaultyWorld faulty{{.options = {.virtual_hosts = {"one", "two"}}}};
  faulty.add({.name = "of one", .scope = "one", .on = {.method = "basic.publish"}, .act = fault::Full{}});
  faulty.add({.name = "of two", .scope = "two", .on = {.method = "connection.open"}, .act = fault::CloseConnection{}});
  faulty.add({.name = "of all", .on = {.method = "basic.get"}, .act = fault::Refuse{}});
  auto one = faulty.world.connect({.virtual_host = "one"}), root = faulty.world.connect();
  root.declares("q").publishes("q", "1");
  CHECK(faulty.faults.unfired("one").size() == 1);
  one.declares("q").publishes("q", "1");
  CHECK(faulty.faults.unfired("one").empty());
  REQUIRE(faulty.faults.unfired("two").size() == 1);
  CHECK(faulty.faults.unfired("two")[0].name == "of two");
  auto two = faulty.world.arrive({.virtual_host = "two"});
  two.shakes_hands({.virtual_host = "two"})
      .connection_is_closed(ReplyCode::connection_forced, "CONNECTION_FORCED - closed by the fault 'of two'");
  CHECK(faulty.faults.unfired("two").empty());
  faulty.faults.remove_all("one");
  CHECK(faulty.faults.reports().size() == 2);
  faulty.faults.remove(3);
  CHECK(faulty.faults.reports().size() == 1);
  CHECK_THROWS_AS(faulty.faults.remove(3), broker::ControlError);
  one.publishes("q", "2").gets("q", "2");
}

TEST_CASE("a rule is about a step of the handshake") {
  FaultyWorld faulty{{.encoding = Encoding::amqp}};
  faulty.add({.on = {.method = "connection.start-ok", .connection = TextMatch{"worker"}},
              .when = fault::Nth{1},
              .act = fault::CloseConnection{541, "not yet"}});
  auto worker = faulty.world.arrive();
  worker.shakes_hands({.name = "worker"}).connection_is_closed(ReplyCode::internal_error, "INTERNAL_ERROR - not yet");
  faulty.world.connect({.name = "other"}).is_fine();
  faulty.world.connect({.name = "worker"}).is_fine();
}

TEST_CASE("a client that skips the handshake is known by its virtual host and its channel") {
  FaultyWorld faulty{{.encoding = Encoding::json}};
  faulty.add({.scope = "/", .on = {.method = "confirm.select"}, .act = fault::CloseChannel{406, "no"}});
  auto guest = faulty.world.arrive();
  guest.sends(confirm::Select{}).channel_is_closed(ReplyCode::precondition_failed, "PRECONDITION_FAILED - no");
}

}  // namespace pocketmq::tests
