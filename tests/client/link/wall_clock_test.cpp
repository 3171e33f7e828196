#include "client/link/wall_clock.hpp"

#include "tests/support/catch.hpp"

namespace pocketmq::client {
namespace {

using namespace std::chrono_literals;

TEST_CASE("times of one clock are told on the other") {
  const protocol::TimePoint now{1h};
  const WallTime told{24h};
  protocol::LoopClock of_loop;
  of_loop.make_virtual(now, told);
  WallClock clock{of_loop};
  CHECK(clock.at(now) == told);
  CHECK(clock.at(now + 500ms) == told + 500ms);
  CHECK(clock.at(now - 500ms) == told - 500ms);
  CHECK(clock.at(now + 10s) == told + 10s);
}

TEST_CASE("the system's times of one clock are told on the other") {
  const auto& of_system = protocol::LoopClock::of_system();
  WallClock clock{of_system};
  const auto before = std::chrono::system_clock::now();
  const auto told = clock.at(of_system.now());
  CHECK(told >= before - 1s);
  CHECK(told <= std::chrono::system_clock::now() + 1s);
}

}  // namespace
}  // namespace pocketmq::client
