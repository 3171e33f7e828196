#include "client/link/wall_clock.hpp"

#include "tests/support/catch.hpp"

namespace pocketmq::client {
namespace {

using namespace std::chrono_literals;

TEST_CASE("times of one clock are told on the other") {
  WallClock clock;
  const auto before = std::chrono::system_clock::now();
  const auto now = protocol::Clock::now();
  const auto told = clock.at(now);
  CHECK(told >= before - 1s);
  CHECK(told <= std::chrono::system_clock::now() + 1s);
  CHECK(clock.at(now + 500ms) == told + 500ms);
  CHECK(clock.at(now - 500ms) == told - 500ms);
}

}  // namespace
}  // namespace pocketmq::client
