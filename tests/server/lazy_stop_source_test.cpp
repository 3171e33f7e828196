#include "server/lazy_stop_source.hpp"

#include "tests/support/catch.hpp"

namespace pocketmq::server {
namespace {

TEST_CASE("a stop reaches those who asked before, and those who ask later") {
  LazyStopSource stop;
  CHECK_FALSE(stop.requested());
  const auto before = stop.token();
  CHECK(before.stop_possible());
  CHECK_FALSE(before.stop_requested());
  bool asked_inside = false;
  const std::stop_callback callback{before, [&] { asked_inside = stop.token().stop_requested(); }};
  stop.request();
  CHECK(stop.requested());
  CHECK(before.stop_requested());
  CHECK(asked_inside);
  CHECK(stop.token().stop_requested());
}

TEST_CASE("a stop that nobody has asked for yet is not forgotten") {
  LazyStopSource stop;
  stop.request();
  CHECK(stop.token().stop_requested());
}

}  // namespace
}  // namespace pocketmq::server
