#include "server/recent.hpp"

#include "tests/support/catch.hpp"

namespace pocketmq::server {
namespace {

using namespace std::chrono_literals;

const protocol::TimePoint now{1h};
constexpr std::size_t unbounded = 1'000'000;

TEST_CASE("what was put there lately is found until its time is over") {
  Recent<int> recent{{10, unbounded, 5s}};
  recent.put("a", 1, 0, now);
  recent.put("b", 2, 0, now + 3s);
  REQUIRE(recent.find("a", now + 4s) != nullptr);
  CHECK(*recent.find("a", now + 4s) == 1);
  CHECK(recent.find("a", now + 5s) == nullptr);
  CHECK(*recent.find("b", now + 5s) == 2);
  CHECK(recent.find("c", now) == nullptr);
}

TEST_CASE("the oldest goes first where there are too many, or when its time is over") {
  Recent<int> recent{{2, unbounded, 5s}};
  recent.put("a", 1, 0, now);
  recent.put("b", 2, 0, now);
  recent.put("c", 3, 0, now);
  CHECK(recent.find("a", now) == nullptr);
  CHECK(recent.size() == 2);
  recent.put("d", 4, 0, now + 6s);
  CHECK(recent.size() == 1);
}

TEST_CASE("a key has its last value, and may be forgotten") {
  Recent<int> recent{{2, unbounded, 5s}};
  recent.put("a", 1, 0, now);
  recent.put("a", 2, 0, now + 4s);
  CHECK(recent.size() == 1);
  CHECK(*recent.find("a", now + 8s) == 2);
  recent.erase("a");
  recent.erase("a");
  CHECK(recent.find("a", now + 8s) == nullptr);
  CHECK(recent.size() == 0);
}

TEST_CASE("the oldest goes first where they are too large, and what is larger than all may be is not kept") {
  Recent<int> recent{{10, 10'000, 5s}};
  recent.put("a", 1, 4'000, now);
  recent.put("b", 2, 4'000, now);
  recent.put("c", 3, 10'000, now);
  CHECK(recent.size() == 2);
  recent.put("d", 4, 4'000, now);
  CHECK(recent.find("a", now) == nullptr);
  CHECK(recent.find("b", now) != nullptr);
  CHECK(recent.find("d", now) != nullptr);
  recent.put("e", 5, 9'000, now);
  CHECK(recent.size() == 1);
}

TEST_CASE("no room keeps nothing") {
  Recent<int> recent{{0, unbounded, 5s}};
  recent.put("a", 1, 0, now);
  CHECK(recent.find("a", now) == nullptr);
}

}  // namespace
}  // namespace pocketmq::server
