// Connections that are cut by a rule: before, inside and after a command, in both directions.
#include "protocol/vocabulary/method.hpp"
#include "tests/support/faulty_world.hpp"

namespace pocketmq::tests {
namespace {

constexpr auto to_broker = fault::Direction::to_broker;
constexpr auto to_client = fault::Direction::to_client;

broker::FaultRule cut_at(const char* method, fault::Direction direction, decltype(fault::CutOff::at) at,
                         broker::Cut how = broker::Cut::end) {
  return {.on = {.method = method, .direction = direction}, .when = fault::Nth{1}, .act = fault::CutOff{at, how}};
}

}  // namespace

TEST_CASE("a connection that is cut before a publish has published nothing, and its earlier commands are answered") {
  FaultyWorld faulty;
  faulty.add({.on = {.method = "basic.publish", .body = TextMatch{"2"}}, .act = fault::CutOff{}});
  auto alice = faulty.world.connect();
  alice.declares("q").selects_confirms();
  const Kinds kinds{faulty.world.broker()};
  alice.publishes_at_once("q", {"1", "2", "3"}).is_confirmed(1).receives_nothing().is_cut();
  CHECK(!alice.end().was_reset());
  CHECK(kinds.text()
        == "message.published, message.routed, message.enqueued, fault.fired, publish.confirmed, connection.lost, "
           "channel.closed");
  CHECK(faulty.world.queue("q").ready() == 1);
}

TEST_CASE("a connection that is cut after a publish has published it, and does not learn it") {
  FaultyWorld faulty;
  faulty.add(cut_at("basic.publish", to_broker, fault::CutOff::After{}, broker::Cut::reset));
  auto alice = faulty.world.connect();
  alice.declares("q").selects_confirms().publishes("q", "1").receives_nothing().is_cut();
  CHECK(alice.end().was_reset());
  CHECK(faulty.world.queue("q").ready() == 1);
}

TEST_CASE("a command to the broker of which only some bytes come is not carried out") {
  FaultyWorld faulty;
  faulty.add(cut_at("queue.declare", to_broker, fault::CutOff::Bytes{5}));
  auto alice = faulty.world.connect();
  alice.sends(queue::Declare{.queue = "q"}).receives_nothing().is_cut();
  CHECK(!faulty.world.has_queue("q"));
}

TEST_CASE("a connection that is cut before a delivery has not got it, and its message comes back") {
  FaultyWorld faulty;
  auto rule = cut_at("basic.deliver", to_client, fault::CutOff::Before{});
  rule.on.body = TextMatch{"2"};
  faulty.add(std::move(rule));
  auto alice = faulty.world.connect(), bob = faulty.world.connect();
  alice.declares("q").publishes("q", {"1", "2"}).consumes("q").receives("1").is_cut();
  bob.gets("q", redelivered("1")).gets("q", redelivered("2"));
}

TEST_CASE("a connection that is cut after a delivery has got it") {
  FaultyWorld faulty;
  faulty.add(cut_at("basic.deliver", to_client, fault::CutOff::After{}));
  auto alice = faulty.world.connect(), bob = faulty.world.connect();
  alice.declares("q").consumes("q");
  bob.publishes("q", "1").publishes("q", "2");
  alice.receives("1").is_cut();
  bob.gets("q", redelivered("1"));
}

TEST_CASE("a delivery is cut within its frame, and the bytes before have come") {
  FaultyWorld faulty;
  faulty.add(cut_at("connection.start", to_client, fault::CutOff::Bytes{10}, broker::Cut::reset));
  auto raw = faulty.world.arrive_raw();
  raw.sends_header();
  CHECK(raw.end().raw_inbox().size() == 10);
  CHECK(raw.end().raw_inbox().starts_with(std::string_view{"\x01\0\0", 3}));
  raw.is_cut();
  CHECK(raw.end().was_reset());
}

TEST_CASE("a connection that is cut after its queue was declared does not get the answer") {
  FaultyWorld faulty;
  faulty.add(cut_at("queue.declare", to_broker, fault::CutOff::After{}));
  auto alice = faulty.world.connect();
  alice.sends(queue::Declare{.queue = "q"}).receives_nothing().is_cut();
  CHECK(faulty.world.has_queue("q"));
}

TEST_CASE("a cut in the handshake") {
  FaultyWorld faulty;
  faulty.add(cut_at("connection.open", to_broker, fault::CutOff::Before{}));
  auto alice = faulty.world.arrive();
  alice.shakes_hands({}).is_cut();
  faulty.world.connect().is_fine();
}

TEST_CASE("a frozen connection stays open, and nothing is read or sent any more") {
  FaultyWorld faulty;
  faulty.add(cut_at("basic.publish", to_broker, fault::CutOff::Before{}, broker::Cut::freeze));
  auto alice = faulty.world.connect({.heartbeat = 10s}), bob = faulty.world.connect();
  alice.declares("q").consumes("q").publishes("q", "1").receives_nothing();
  const auto heartbeats = alice.heartbeats();
  alice.publishes("q", "2").sends(queue::Declare{.queue = "other"}).receives_nothing();
  CHECK(alice.end().bytes_to_send() > 0);
  bob.publishes("q", "3");
  faulty.world.advance(5min);
  CHECK(alice.end().is_open());
  CHECK(alice.heartbeats() == heartbeats);
  alice.receives_nothing();
  CHECK(faulty.world.queue("q").ready() == 1);  // as when the connection's buffers are full
  alice.vanishes();
  faulty.world.settle();
  CHECK(!faulty.world.has_queue("other"));
  bob.gets("q", "3");
}

TEST_CASE("a connection that is frozen within a delivery gives it back when the client gives up") {
  FaultyWorld faulty;
  faulty.add(cut_at("basic.deliver", to_client, fault::CutOff::Bytes{9}, broker::Cut::freeze));
  auto alice = faulty.world.connect(), bob = faulty.world.connect();
  alice.declares("q").consumes("q");
  bob.publishes("q", "1");
  alice.receives_nothing();
  CHECK(faulty.world.queue("q").unacked() == 1);
  alice.vanishes();
  faulty.world.settle();
  bob.gets("q", redelivered("1"));
}

TEST_CASE("the broker's end closes a frozen connection, too") {
  FaultyWorld faulty;
  faulty.add(cut_at("basic.publish", to_broker, fault::CutOff::Before{}, broker::Cut::freeze));
  auto alice = faulty.world.connect();
  alice.declares("q").publishes("q", "1");
  faulty.world.broker().shut_down("over");
  faulty.world.advance(10s);
  CHECK(!alice.end().is_open());
}

}  // namespace pocketmq::tests
