// Pause and step: commands wait, and whoever steps decides which is carried out next.
#include "broker/control/pause.hpp"

#include "broker/request/control_error.hpp"
#include "tests/support/faulty_world.hpp"

namespace pocketmq::tests {
namespace {

using Waiting = broker::Pause::Waiting;

}  // namespace

TEST_CASE("while paused, commands wait, and each step carries out the one that came first") {
  FaultyWorld faulty;
  auto& pause = faulty.pause;
  auto alice = faulty.world.connect(), bob = faulty.world.connect();
  alice.declares("q");
  pause.pause();
  bob.publishes("q", "b1").publishes("q", "b2");
  alice.publishes("q", "a1");
  CHECK(faulty.world.queue("q").ready() == 0);
  CHECK(pause.waiting() == std::vector<Waiting>{{2, 1, "basic.publish"}, {1, 1, "basic.publish"}});
  CHECK(pause.step() == std::vector<Waiting>{{2, 1, "basic.publish"}});
  CHECK(faulty.world.queue("q").ready() == 1);
  faulty.world.settle();
  CHECK(pause.step(std::nullopt, 5) == std::vector<Waiting>{{1, 1, "basic.publish"}, {2, 1, "basic.publish"}});
  CHECK(pause.waiting().empty());
  pause.resume();
  alice.gets("q", "b1").gets("q", "a1").gets("q", "b2");
}

TEST_CASE("a step of one connection decides who wins") {
  FaultyWorld faulty;
  auto alice = faulty.world.connect(), bob = faulty.world.connect();
  alice.declares("q").publishes("q", "the only one");
  faulty.pause.pause();
  alice.sends(basic::Get{.queue = "q"});
  bob.sends(basic::Get{.queue = "q"});
  CHECK(faulty.pause.step(2) == std::vector<Waiting>{{2, 1, "basic.get"}});
  CHECK(faulty.pause.step(2).empty());
  faulty.world.settle();
  CHECK(bob.answer<basic::GetOk>().body == "the only one");
  alice.receives_nothing();
  faulty.pause.resume();
  faulty.world.settle();
  alice.is_answered(basic::GetEmpty{});
}

TEST_CASE("who resumes lets everything go on, in order") {
  FaultyWorld faulty;
  auto alice = faulty.world.connect();
  alice.declares("q").selects_confirms();
  faulty.pause.pause();
  alice.publishes_at_once("q", {"1", "2", "3"}).receives_nothing();
  CHECK_FALSE(faulty.pause.waiting().empty());
  faulty.pause.resume();
  faulty.world.settle();
  alice.is_confirmed_up_to(3);
  CHECK(!faulty.pause.is_paused());
  CHECK_THROWS_AS(faulty.pause.step(), broker::ControlError);
}

TEST_CASE("while paused, clients can connect, heartbeats go on, and nobody is timed out") {
  FaultyWorld faulty;
  auto alice = faulty.world.connect({.heartbeat = 10s});
  faulty.pause.pause();
  auto bob = faulty.world.arrive();
  bob.shakes_hands({}).is_answered(connection::OpenOk{});
  alice.sends(queue::Declare{.queue = "q"});
  const auto heartbeats = alice.heartbeats();
  faulty.world.advance(5min);
  CHECK(alice.end().is_open());
  CHECK(alice.heartbeats() > heartbeats + 20);
  faulty.pause.resume();
  faulty.world.settle();
  alice.is_answered(queue::DeclareOk{.queue = "q"});
}

TEST_CASE("the pause of one virtual host leaves the others alone") {
  FaultyWorld faulty{{.options = {.virtual_hosts = {"one"}}}};
  auto one = faulty.world.connect({.virtual_host = "one"}), root = faulty.world.connect();
  faulty.pause.pause("one");
  one.sends(queue::Declare{.queue = "q"}).receives_nothing();
  root.declares("q");
  faulty.pause.resume("one");
  faulty.world.settle();
  one.is_answered(queue::DeclareOk{.queue = "q"});
}

TEST_CASE("a connection that ends waits no more, and its command is dropped") {
  FaultyWorld faulty;
  auto alice = faulty.world.connect(), bob = faulty.world.connect();
  faulty.pause.pause();
  alice.sends(queue::Declare{.queue = "a"}).vanishes();
  bob.sends(queue::Declare{.queue = "b"});
  CHECK(faulty.pause.waiting().size() == 1);
  faulty.world.broker().shut_down("over");
  CHECK(faulty.pause.waiting().empty());
  faulty.world.settle();
  bob.connection_is_closed(ReplyCode::connection_forced, "CONNECTION_FORCED - over");
  CHECK(!faulty.world.has_queue("a"));
  CHECK(!faulty.world.has_queue("b"));
}

TEST_CASE("a fault happens when its command is carried out, not while it waits") {
  FaultyWorld faulty;
  faulty.add({.on = {.method = "basic.publish"}, .act = fault::Delay{1s}});
  auto alice = faulty.world.connect();
  alice.declares("q");
  faulty.pause.pause();
  alice.publishes("q", "1");
  CHECK(faulty.fired() == 0);
  CHECK(faulty.pause.step().size() == 1);
  CHECK(faulty.fired() == 1);
  CHECK(faulty.world.queue("q").ready() == 0);
  faulty.world.advance(1s);
  CHECK(faulty.world.queue("q").ready() == 1);
}

TEST_CASE("the end of the pause's owner resumes") {
  World world;
  auto alice = world.connect();
  {
    broker::Pause pause{world.broker()};
    pause.pause();
    alice.sends(queue::Declare{.queue = "q"}).receives_nothing();
  }
  world.settle();
  alice.is_answered(queue::DeclareOk{.queue = "q"});
}

}  // namespace pocketmq::tests
