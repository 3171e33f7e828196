#include "protocol/end/loop_clock.hpp"

#include <string>

#include <asio/any_io_executor.hpp>
#include <asio/io_context.hpp>
#include <asio/strand.hpp>

#include "protocol/io/clock_of.hpp"
#include "protocol/io/serial_executor.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::protocol {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint noon{12h};
constexpr WallTime day{24h};

TEST_CASE("a clock shows the system's time") {
  const LoopClock clock;
  const auto before = Clock::now();
  const auto shown = clock.now();
  CHECK(before <= shown);
  CHECK(shown <= Clock::now());
  const auto wall_before = std::chrono::system_clock::now();
  CHECK(clock.wall_now() >= wall_before - 1s);
  CHECK(clock.wall_now() <= wall_before + 10s);
  CHECK_FALSE(clock.is_virtual());
  CHECK_FALSE(LoopClock::of_system().is_virtual());
}

TEST_CASE("a virtual clock stands still until it is advanced, and its time of day goes with it") {
  LoopClock clock;
  clock.make_virtual(noon, day);
  CHECK(clock.is_virtual());
  CHECK(clock.now() == noon);
  CHECK(clock.wall_now() == day);
  clock.advance_to(noon + 90min);
  CHECK(clock.now() == noon + 90min);
  CHECK(clock.wall_now() == day + 90min);
}

TEST_CASE("a virtual clock never goes back") {
  LoopClock clock;
  clock.make_virtual(noon, day);
  clock.advance_to(noon - 1h);
  CHECK(clock.now() == noon);
}

TEST_CASE(
    "timers of a virtual clock are due in the order of their deadlines, and at one time in that of their setting") {
  LoopClock clock;
  clock.make_virtual(noon, day);
  std::string due;
  const auto set = [&](char name, TimePoint deadline) {
    clock.set_timer(&due, deadline, [&due, name] { due += name; });
  };
  set('d', noon + 3h);
  set('b', noon + 2h);
  set('a', noon + 1h);
  set('c', noon + 2h);
  CHECK(clock.earliest_deadline() == noon + 1h);
  clock.advance_to(noon + 2h);
  CHECK(due == "abc");
  CHECK(clock.earliest_deadline() == noon + 3h);
}

TEST_CASE("a cancelled timer of a virtual clock is not due, and others at that time are") {
  LoopClock clock;
  clock.make_virtual(noon, day);
  std::string due;
  const int first{}, second{};
  clock.set_timer(&first, noon, [&] { due += '1'; });
  clock.set_timer(&second, noon, [&] { due += '2'; });
  CHECK(clock.cancel_timer(&first, noon));
  CHECK_FALSE(clock.cancel_timer(&first, noon));
  CHECK_FALSE(clock.cancel_timer(&second, noon + 1h));
  clock.advance_to(noon);
  CHECK(due == "2");
}

TEST_CASE("all executors of one loop have one clock, and each loop its own") {
  asio::io_context io, other;
  const auto* const clock = &clock_of(io);
  CHECK(&clock_of(io.get_executor()) == clock);
  CHECK(&clock_of(asio::any_io_executor{io.get_executor()}) == clock);
  CHECK(&clock_of(asio::make_strand(io)) == clock);
  CHECK(&clock_of(SerialExecutor::on(io.get_executor())) == clock);
  CHECK(&clock_of(other) != clock);
}

}  // namespace
}  // namespace pocketmq::protocol
