// Heartbeats, and clients that do not read what they are sent.
#include "broker/session/broker.hpp"
#include "broker/session/session.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {

TEST_CASE("the broker sends a heartbeat each half interval") {
  World world;
  auto alice = world.connect({.heartbeat = 10s});
  world.advance(4'999ms);
  CHECK(alice.heartbeats() == 0);
  world.advance(1ms);
  CHECK(alice.heartbeats() == 1);
  alice.sends_heartbeat();
  world.advance(10s);
  CHECK(alice.heartbeats() == 3);
}

TEST_CASE("the shortest interval is a second") {
  World world;
  auto alice = world.connect({.heartbeat = 1s});
  world.advance(499ms);
  CHECK(alice.heartbeats() == 0);
  world.advance(1ms);
  CHECK(alice.heartbeats() == 1);
  world.advance(1'499ms);
  CHECK(alice.heartbeats() == 3);
  world.advance(1ms);
  alice.is_cut();
}

TEST_CASE("whatever the broker sends stands for a heartbeat") {
  World world;
  auto alice = world.connect({.heartbeat = 10s});
  for (int i = 0; i < 10; ++i) {
    world.advance(4s);
    alice.is_fine();
  }
  CHECK(alice.heartbeats() == 0);
}

TEST_CASE("a client that is silent for two intervals is cut") {
  World world;
  auto alice = world.connect({.heartbeat = 10s});
  world.advance(19'999ms);
  alice.is_connected();
  world.advance(1ms);
  alice.is_cut();
}

TEST_CASE("a client that sends heartbeats is kept") {
  World world;
  auto alice = world.connect({.heartbeat = 10s});
  for (int i = 0; i < 20; ++i) {
    world.advance(19s);
    alice.sends_heartbeat();
  }
  alice.is_fine();
}

TEST_CASE("whatever the client sends stands for a heartbeat") {
  World world;
  auto alice = world.connect({.heartbeat = 10s});
  alice.declares("q");
  for (int i = 0; i < 20; ++i) {
    world.advance(19s);
    alice.publishes("q", "m");
  }
  alice.finds("q", {.messages = 20});
}

TEST_CASE("a part of a command stands for a heartbeat") {
  World world;
  auto alice = world.connect({.heartbeat = 10s});
  // The beginning of a frame that says how long it is, and takes its time.
  const std::string_view begin = world.speaks_json() ? std::string_view{"\0\0\1\0{\"method\"", 13}
                                                     : std::string_view{"\1\0\1\0\0\1\0\0\x32\0\x0a\0\0", 13};
  for (const char byte : begin) {
    world.advance(15s);
    alice.sends_bytes({&byte, 1});
  }
  alice.is_connected();
  world.advance(20s);
  alice.is_cut();
}

TEST_CASE("an interval of 0 switches both directions off") {
  World world;
  auto alice = world.connect({.heartbeat = 0s});
  world.advance(24h);
  alice.is_fine();
  CHECK(alice.heartbeats() == 0);
}

TEST_CASE("the client's interval is what counts") {
  World world{{.options = {.heartbeat = 60s}}};
  auto alice = world.connect({.heartbeat = 3s}), bob = world.connect({.heartbeat = 600s});
  world.advance(6s);
  alice.is_cut();
  world.advance(19min);
  bob.is_connected().is_fine();
}

TEST_CASE("a silent client's messages go to others when it is cut") {
  World world;
  auto alice = world.connect({.heartbeat = 10s}), bob = world.connect();
  alice.declares("q").declares({.queue = "mine", .exclusive = true}).publishes("q", "m").consumes("q").receives("m");
  bob.consumes("q");
  world.advance(20s);
  bob.receives(redelivered("m"));
  CHECK_FALSE(world.has_queue("mine"));
}

TEST_CASE("a client that does not read is cut after two intervals and after a minute without heartbeats") {
  World world;
  const auto [heartbeat, patience] =
      GENERATE(table<std::chrono::seconds, std::chrono::seconds>({{10s, 20s}, {0s, 60s}}));
  auto alice = world.connect({.heartbeat = heartbeat}), bob = world.connect();
  alice.declares("q").consumes("q").stops_reading();
  world.advance(4s);
  bob.publishes("q", "m");
  alice.sends_heartbeat();
  world.advance(patience / 2);
  alice.sends_heartbeat();
  world.advance(patience / 2 - 1ms);
  CHECK_FALSE(alice.session().finished());
  world.advance(1ms);
  CHECK(alice.session().finished());
  world.advance(2s);  // to read the last bytes
  CHECK_FALSE(alice.end().is_open());
  bob.finds("q", {.messages = 1});
}

TEST_CASE("a client that reads slowly is kept") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares("q").consumes("q").stops_reading();
  bob.publishes("q", std::string(1'000, 'x'));
  for (int i = 0; i < 20; ++i) {
    world.advance(59s);
    alice.reads(10);
  }
  alice.reads_all().receives(std::string(1'000, 'x'));
}

TEST_CASE("a client that has nothing to read is not said to stall") {
  World world;
  auto alice = world.connect();
  alice.stops_reading();
  world.advance(1h);
  alice.reads_all().is_fine();
}

TEST_CASE("a client that was cut for not reading wants no more ticks") {
  World world;
  auto alice = world.connect();
  auto bob = world.connect();
  alice.declares("q").consumes("q").stops_reading();
  bob.publishes("q", "m");
  world.advance(60s);
  REQUIRE(alice.session().finished());
  CHECK(alice.session().deadline() > world.now());
}

TEST_CASE("a client that is not read from misses no heartbeats") {
  World world{{.options = {.limits = {.output_answer_bytes = 1'000}}}};
  auto alice = world.connect({.heartbeat = 10s});
  alice.declares("q").publishes("q", std::string(5'000, 'x')).stops_reading().sends(basic::Get{.queue = "q"});
  for (int i = 0; i < 10; ++i) {
    world.advance(15s);
    alice.reads(10);
    REQUIRE_FALSE(alice.session().wants_input());
  }
  alice.reads_all().is_connected();
  world.advance(19s);
  alice.is_connected();
  world.advance(1s);
  CHECK_FALSE(alice.end().is_open());
}

TEST_CASE("a publisher that is held gets heartbeats though it asked for none") {
  World world{{.options = {.memory_max_bytes = 100'000}}};
  auto& memory = world.broker().context().memory();
  auto alice = world.connect();
  alice.declares("q");
  memory.charge(200'000);
  alice.publishes("q", "m");
  world.advance(4s);
  CHECK(alice.end().heartbeats() == 0);
  world.advance(8s);
  CHECK(alice.end().heartbeats() == 2);
  memory.release(200'000);
  world.settle();
  world.advance(1min);
  CHECK(alice.end().heartbeats() == 2);
  alice.gets("q", "m");
}

}  // namespace pocketmq::tests
