// The broker's clock in a test's hand: it stands still, goes on, and is set ahead deadline by deadline.
#include "broker/control/clock_control.hpp"

#include "broker/session/broker.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using broker::ClockControl;
using Arguments = protocol::FieldTableWriter;

// What expired, and when by the broker's clock.
class Expiries final : public broker::Observer {
 public:
  const ClockControl* clock{nullptr};
  broker::TimePoint begin{};
  std::vector<std::pair<std::string, std::chrono::nanoseconds>> seen;

 private:
  void on_expired(const broker::Queue& queue, const broker::Message& message) override {
    seen.emplace_back(queue.name() + " " + std::string{message.body()}, clock->now() - begin);
  }
};

struct ControlledWorld {
  explicit ControlledWorld(const broker::Options& options = {}) : world{{.options = options, .observer = &expiries}} {
    expiries.clock = &clock;
    (void)world.connect();  // the broker knows the time from now on
    expiries.begin = clock.now();
  }
  // The broker's time goes on, and the real one does not.
  void advance(std::chrono::nanoseconds time) {
    bool is_done = false;
    clock.advance(time, [&] { is_done = true; });
    world.settle();
    CHECK(is_done);
  }

  Expiries expiries;
  World world;
  ClockControl clock{world.broker().context()};
};

Publication with_ttl(std::string_view milliseconds, std::string_view body) {
  return {.body = body, .properties = {.expiration = milliseconds}};
}

Arguments retried_after(std::int32_t milliseconds, std::string_view queue) {
  return Arguments{}
      .int32("x-message-ttl", milliseconds)
      .string("x-dead-letter-exchange", "")
      .string("x-dead-letter-routing-key", queue);
}

}  // namespace

TEST_CASE("a message of a day's life expires when the clock is set ahead by a day") {
  ControlledWorld controlled;
  auto& world = controlled.world;
  const auto real_time = world.now();
  auto alice = world.connect();
  alice.declares("q").publishes("q", with_ttl("86400000", "m"));
  controlled.advance(24h - 1ms);
  CHECK(world.queue("q").ready() == 1);
  controlled.advance(1ms);
  CHECK(world.queue("q").ready() == 0);
  CHECK(world.now() == real_time);
}

TEST_CASE("each expiry on the way happens at its own moment, and so does what follows from it") {
  ControlledWorld controlled;
  auto alice = controlled.world.connect();
  const auto to_second = retried_after(10'000, "second");
  const auto to_last = retried_after(20'000, "last");
  alice.declares({.queue = "first", .arguments = to_second.table()});
  alice.declares({.queue = "second", .arguments = to_last.table()}).declares("last").declares("other");
  alice.publishes("first", "m").publishes("other", with_ttl("15000", "o"));
  controlled.advance(1h);
  CHECK(controlled.expiries.seen
        == std::vector<std::pair<std::string, std::chrono::nanoseconds>>{
            {"first m", 10s}, {"other o", 15s}, {"second m", 30s}});
  CHECK(controlled.world.queue("last").ready() == 1);
  CHECK(controlled.clock.now() - controlled.expiries.begin == 1h);
}

TEST_CASE("a frozen clock stands still, and goes on from where it stands") {
  ControlledWorld controlled;
  auto& world = controlled.world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", with_ttl("1000", "m"));
  world.advance(400ms);
  controlled.clock.freeze(controlled.world.now());
  CHECK(controlled.clock.is_frozen());
  world.advance(1h);
  CHECK(world.queue("q").ready() == 1);
  CHECK(controlled.clock.now() - controlled.expiries.begin == 400ms);
  controlled.clock.run(controlled.world.now());
  world.advance(599ms);
  CHECK(world.queue("q").ready() == 1);
  world.advance(1ms);
  CHECK(world.queue("q").ready() == 0);
}

TEST_CASE("a frozen clock can be advanced, and stays frozen") {
  ControlledWorld controlled;
  auto alice = controlled.world.connect();
  controlled.clock.freeze(controlled.world.now());
  alice.declares("q").publishes("q", with_ttl("1000", "m"));
  controlled.advance(999ms);
  controlled.world.advance(1h);
  CHECK(controlled.world.queue("q").ready() == 1);
  controlled.advance(1ms);
  CHECK(controlled.world.queue("q").ready() == 0);
  CHECK(controlled.clock.is_frozen());
}

TEST_CASE("heartbeats and handshakes go by the real time") {
  ControlledWorld controlled;
  auto& world = controlled.world;
  auto alice = world.connect({.heartbeat = 10s});
  auto newcomer = world.arrive();
  controlled.advance(24h);
  alice.is_fine();
  controlled.clock.freeze(controlled.world.now());
  world.advance(10s);  // the handshake's time
  newcomer.is_cut();
}

TEST_CASE("the ack timeout and the expiry of a queue go by the broker's clock") {
  ControlledWorld controlled;
  auto alice = controlled.world.connect(), bob = controlled.world.connect();
  const auto expires_in_a_week = Arguments{}.int32("x-expires", 604'800'000);
  bob.declares({.queue = "unused", .arguments = expires_in_a_week.table()});
  alice.declares("q").publishes("q", "m").gets("q", "m");
  controlled.advance(30min);
  alice.channel_is_closed(ReplyCode::precondition_failed,
                          "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: "
                          "1800000 ms. This timeout value can be configured, see consumers doc guide to learn more");
  controlled.advance(24h * 7 - 30min - 1ms);
  CHECK(controlled.world.has_queue("unused"));
  controlled.advance(1ms);
  CHECK_FALSE(controlled.world.has_queue("unused"));
}

TEST_CASE("advances that are asked for together follow each other") {
  ControlledWorld controlled;
  auto alice = controlled.world.connect();
  alice.declares("q").publishes("q", with_ttl("1500", "m"));
  std::vector<std::string> done;
  controlled.clock.advance(1s, [&] { done.push_back("first, " + std::to_string(controlled.expiries.seen.size())); });
  controlled.clock.advance(1s, [&] { done.push_back("second, " + std::to_string(controlled.expiries.seen.size())); });
  controlled.world.settle();
  CHECK(done == std::vector<std::string>{"first, 0", "second, 1"});
  CHECK(controlled.clock.now() - controlled.expiries.begin == 2s);
}

TEST_CASE("very many deadlines are told in many turns") {
  ControlledWorld controlled;
  constexpr std::size_t queues = 20'000;
  const auto arguments = Arguments{}.int32("x-expires", 1'000);
  auto& host = *controlled.world.broker().find_virtual_host("/");
  for (std::size_t i = 0; i < queues; ++i)
    host.declare_queue({.name = std::to_string(i), .arguments = broker::QueueArguments{arguments.table()}});
  controlled.world.postpone_turns();
  bool is_done = false;
  controlled.clock.advance(1h, [&] { is_done = true; });
  CHECK(controlled.world.take_turns() > 10);
  CHECK(is_done);
  CHECK(host.queue_count() == 0);
}

TEST_CASE("a broker's clock can be ahead from the start, and frozen") {
  ControlledWorld controlled{{.clock_offset = 24h, .clock_is_frozen = true}};
  auto alice = controlled.world.connect();
  CHECK(controlled.clock.now() - controlled.world.now() == 24h);
  alice.declares("q").publishes("q", with_ttl("1", "m"));
  controlled.world.advance(1h);
  CHECK(controlled.world.queue("q").ready() == 1);
}

TEST_CASE("the clock refuses times that make no sense") {
  ControlledWorld controlled;
  CHECK_THROWS_WITH(controlled.clock.advance(-1ns, [] {}),
                    "the clock cannot be advanced by -1 ns: give a time from 0 to 100 years");
  CHECK_THROWS_AS(controlled.clock.advance(ClockControl::advance_max + 1ns, [] {}), std::invalid_argument);
  controlled.advance(ClockControl::advance_max);
}

}  // namespace pocketmq::tests
