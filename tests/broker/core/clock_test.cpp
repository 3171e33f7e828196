// The broker's two clocks by themselves: the real one, and its own, which may be ahead or stand still.
#include "broker/core/clock.hpp"

#include "tests/support/catch.hpp"

namespace pocketmq::tests {

using namespace std::chrono_literals;
using broker::Clock;
using protocol::TimePoint;

TEST_CASE("a broker's clock is the real one and never goes back") {
  Clock clock;
  CHECK_FALSE(clock.is_frozen());
  CHECK(clock.now() == TimePoint{});
  clock.observe(TimePoint{10s});
  CHECK(clock.now() == TimePoint{10s});
  CHECK(clock.real_now() == TimePoint{10s});
  CHECK(clock.ahead() == 0s);
  clock.observe(TimePoint{9s});
  CHECK(clock.now() == TimePoint{10s});
  CHECK(clock.real_now() == TimePoint{10s});
  clock.observe(TimePoint{12s});
  CHECK(clock.now() == TimePoint{12s});
}

TEST_CASE("a clock that is ahead stays so") {
  Clock clock{5s};
  clock.observe(TimePoint{10s});
  CHECK(clock.now() == TimePoint{15s});
  CHECK(clock.ahead() == 5s);
  clock.observe(TimePoint{11s});
  CHECK(clock.now() == TimePoint{16s});
  clock.advance_to(TimePoint{26s});
  CHECK(clock.now() == TimePoint{26s});
  CHECK(clock.ahead() == 15s);
  clock.advance_to(TimePoint{20s});  // it is later already
  CHECK(clock.now() == TimePoint{26s});
  clock.observe(TimePoint{12s});
  CHECK(clock.now() == TimePoint{27s});
  CHECK(clock.real_now() == TimePoint{12s});
}

TEST_CASE("a clock that is frozen stands still while the real one goes on") {
  Clock clock{5s, true};
  CHECK(clock.is_frozen());
  clock.observe(TimePoint{10s});
  CHECK(clock.now() == TimePoint{15s});  // its first reading
  clock.observe(TimePoint{20s});
  CHECK(clock.now() == TimePoint{15s});
  CHECK(clock.real_now() == TimePoint{20s});
  CHECK(clock.ahead() == -5s);
  clock.advance_to(TimePoint{17s});
  CHECK(clock.now() == TimePoint{17s});
  clock.observe(TimePoint{21s});
  CHECK(clock.now() == TimePoint{17s});
  clock.run();
  CHECK_FALSE(clock.is_frozen());
  CHECK(clock.now() == TimePoint{17s});
  clock.observe(TimePoint{22s});
  CHECK(clock.now() == TimePoint{18s});
  clock.freeze();
  CHECK(clock.is_frozen());
  clock.observe(TimePoint{23s});
  CHECK(clock.now() == TimePoint{18s});
}

TEST_CASE("a time of the broker's clock is a real one if the clock goes") {
  Clock clock{5s};
  clock.observe(TimePoint{10s});
  CHECK(clock.real_time_of(TimePoint{14s}) == TimePoint::min());
  CHECK(clock.real_time_of(TimePoint{15s}) == TimePoint::min());
  CHECK(clock.real_time_of(TimePoint{16s}) == TimePoint{11s});
  CHECK(clock.real_time_of(TimePoint::max()) == TimePoint::max());
  clock.freeze();
  CHECK(clock.real_time_of(TimePoint{15s}) == TimePoint::min());
  CHECK(clock.real_time_of(TimePoint{16s}) == TimePoint::max());
}

TEST_CASE("a wall clock shows the broker's time") {
  Clock clock;
  clock.observe(TimePoint{1'500ms});
  CHECK(clock.since_epoch() == 1s);
  const std::chrono::system_clock::time_point noon{1'700'000'000s};
  clock.set_wall_clock(TimePoint{1'500ms}, noon);
  CHECK(clock.wall_time() == noon);
  clock.advance_to(TimePoint{3'400ms});
  CHECK(clock.wall_time() == noon + 1'900ms);
  CHECK(clock.since_epoch() == 1'700'000'001s);
}

}  // namespace pocketmq::tests
