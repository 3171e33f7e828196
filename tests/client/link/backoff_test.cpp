#include "client/link/backoff.hpp"

#include <vector>

#include "tests/support/catch.hpp"

namespace pocketmq::client {
namespace {

using namespace std::chrono_literals;
using Pauses = std::vector<std::chrono::nanoseconds>;

Pauses next(Backoff& backoff, int count) {
  Pauses pauses;
  for (int i = 0; i < count; ++i) pauses.push_back(backoff.next());
  return pauses;
}

TEST_CASE("pauses double up to the longest one, and begin again") {
  Backoff backoff{50ms, 300ms, 0, 1};
  CHECK(next(backoff, 5) == Pauses{50ms, 100ms, 200ms, 300ms, 300ms});
  backoff.reset();
  CHECK(next(backoff, 2) == Pauses{50ms, 100ms});
}

TEST_CASE("a pause is shortened by its jitter at most, and not always the same") {
  Backoff backoff{100ms, 100ms, 0.25, 1};
  auto shortest = 100ms + 0ns;
  auto longest = 0ns;
  for (const auto pause : next(backoff, 1'000)) {
    shortest = std::min(shortest, pause);
    longest = std::max(longest, pause);
  }
  CHECK(shortest >= 75ms);
  CHECK(shortest < 76ms);
  CHECK(longest > 99ms);
  CHECK(longest <= 100ms);
}

TEST_CASE("the same seed gives the same pauses") {
  Backoff one{50ms, 5s, 0.5, 7};
  Backoff same{50ms, 5s, 0.5, 7};
  Backoff other{50ms, 5s, 0.5, 8};
  const auto pauses = next(one, 20);
  CHECK(next(same, 20) == pauses);
  CHECK(next(other, 20) != pauses);
}

TEST_CASE("no bounds make a pause of nothing or one without an end") {
  Backoff busy{0ms, 0ms, 0, 1};
  CHECK(next(busy, 2) == Pauses{1ms, 1ms});
  Backoff reversed{50ms, 10ms, 0, 1};
  CHECK(next(reversed, 2) == Pauses{50ms, 50ms});
  Backoff endless{std::chrono::nanoseconds::max(), std::chrono::nanoseconds::max(), 0, 1};
  CHECK(next(endless, 2) == Pauses{24h, 24h});
}

}  // namespace
}  // namespace pocketmq::client
