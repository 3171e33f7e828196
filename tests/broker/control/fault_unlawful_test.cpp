// Unlawful faults: what TCP and AMQP exclude. The broker itself stays consistent.
#include "broker/request/control_error.hpp"
#include "tests/support/faulty_world.hpp"

namespace pocketmq::tests {
namespace {

template <class Action>
broker::FaultRule unlawful(const char* method, Action action, fault::When when = fault::Nth{1},
                           std::optional<fault::Direction> direction = std::nullopt) {
  return {.on = {.method = method, .direction = direction}, .when = when, .act = action, .unlawful = true};
}

}  // namespace

TEST_CASE("what is unlawful has to be called so") {
  FaultyWorld faulty;
  CHECK_THROWS_WITH(faulty.add({.on = {.method = "basic.publish"}, .act = fault::Drop{}}),
                    Catch::Contains("add \"unlawful\": true"));
}

TEST_CASE("a publish gets lost, and the broker numbers the next one as the first") {
  FaultyWorld faulty;
  faulty.add(unlawful("basic.publish", fault::Drop{}));
  auto alice = faulty.world.connect();
  alice.declares("q").selects_confirms().publishes("q", "1").receives_nothing();
  alice.publishes("q", "2").is_confirmed(1).gets("q", "2");
}

TEST_CASE("an answer gets lost") {
  FaultyWorld faulty;
  faulty.add(unlawful("queue.declare-ok", fault::Drop{}));
  auto alice = faulty.world.connect();
  alice.sends(queue::Declare{.queue = "q"}).receives_nothing();
  CHECK(faulty.world.has_queue("q"));
  alice.declares("q");
}

TEST_CASE("a delivery gets lost, and stays unacked until its channel ends") {
  FaultyWorld faulty;
  faulty.add(unlawful("basic.deliver", fault::Drop{}));
  auto alice = faulty.world.connect();
  alice.declares("q").consumes("q").publishes("q", {"1", "2"}).receives("2").closes_channel();
  alice.opens_channel(1).gets("q", redelivered("1")).gets("q", redelivered("2"));
}

TEST_CASE("a publish is carried out twice") {
  FaultyWorld faulty;
  faulty.add(unlawful("basic.publish", fault::Duplicate{}));
  auto alice = faulty.world.connect();
  const std::string large(300'000, 'x');
  alice.declares("q").selects_confirms().publishes("q", large).is_confirmed_up_to(2);
  alice.gets("q", large).gets("q", large).gets_nothing("q");
}

TEST_CASE("an ack is carried out twice, and the second closes the channel") {
  FaultyWorld faulty;
  faulty.add(unlawful("basic.ack", fault::Duplicate{}, fault::Nth{1}, fault::Direction::to_broker));
  auto alice = faulty.world.connect();
  alice.declares("q").publishes("q", "1").gets("q", "1").acks("1");
  alice.channel_is_closed(ReplyCode::precondition_failed, "PRECONDITION_FAILED - unknown delivery tag 1");
}

TEST_CASE("a delivery is sent twice with the same tag") {
  FaultyWorld faulty;
  faulty.add(unlawful("basic.deliver", fault::Duplicate{}));
  auto alice = faulty.world.connect();
  alice.declares("q").consumes("q").publishes("q", "1");
  alice.receives(message("1").tagged(1), message("1").tagged(1)).acks("1").is_fine();
}

TEST_CASE("two publishes change places, and two deliveries") {
  FaultyWorld faulty;
  auto alice = faulty.world.connect();
  alice.declares("q");
  SECTION("publishes") {
    faulty.add(unlawful("basic.publish", fault::Reorder{}));
    alice.publishes_at_once("q", {"1", "2", "3"}).gets("q", "2").gets("q", "1").gets("q", "3");
  }
  SECTION("deliveries") {
    faulty.add(unlawful("basic.deliver", fault::Reorder{}));
    alice.publishes("q", {"1", "2", "3"}).consumes("q").receives("2", "1", "3").acks_up_to("3");
  }
  SECTION("one after the other, each in its own read") {
    faulty.add(unlawful("basic.publish", fault::Reorder{}, fault::Times{2}));
    alice.publishes("q", "1").publishes("q", "2").publishes("q", "3").gets("q", "1").gets("q", "3").gets("q", "2");
  }
  SECTION("a publish and the next command, whatever it is") {
    faulty.add(unlawful("basic.publish", fault::Reorder{}));
    alice.publishes("q", "1").gets_nothing("q").gets("q", "1");
  }
}

TEST_CASE("a command that waits for the next one is lost with its connection") {
  FaultyWorld faulty;
  faulty.add(unlawful("basic.publish", fault::Reorder{}));
  auto alice = faulty.world.connect(), bob = faulty.world.connect();
  alice.declares("q").publishes("q", "1").vanishes();
  faulty.world.settle();
  bob.gets_nothing("q");
}

}  // namespace pocketmq::tests
