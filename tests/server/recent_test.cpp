#include "server/recent.hpp"

#include "tests/support/catch.hpp"

namespace pocketmq::server {
namespace {

using namespace std::chrono_literals;

const protocol::TimePoint now{1h};

TEST_CASE("what was put there lately is found until its time is over") {
  Recent<int> recent{10, 5s};
  recent.put("a", 1, now);
  recent.put("b", 2, now + 3s);
  REQUIRE(recent.find("a", now + 4s) != nullptr);
  CHECK(*recent.find("a", now + 4s) == 1);
  CHECK(recent.find("a", now + 5s) == nullptr);
  CHECK(*recent.find("b", now + 5s) == 2);
  CHECK(recent.find("c", now) == nullptr);
}

TEST_CASE("the oldest goes first where there are too many, or when its time is over") {
  Recent<int> recent{2, 5s};
  recent.put("a", 1, now);
  recent.put("b", 2, now);
  recent.put("c", 3, now);
  CHECK(recent.find("a", now) == nullptr);
  CHECK(recent.size() == 2);
  recent.put("d", 4, now + 6s);
  CHECK(recent.size() == 1);
}

TEST_CASE("a key has its last value, and may be forgotten") {
  Recent<int> recent{2, 5s};
  recent.put("a", 1, now);
  recent.put("a", 2, now + 4s);
  CHECK(recent.size() == 1);
  CHECK(*recent.find("a", now + 8s) == 2);
  recent.erase("a");
  recent.erase("a");
  CHECK(recent.find("a", now + 8s) == nullptr);
  CHECK(recent.size() == 0);
}

TEST_CASE("the oldest go where they take too many bytes together") {
  Recent<int> recent{10, 5s, 100};
  recent.put("a", 1, now, 40);
  recent.put("b", 2, now, 40);
  recent.put("c", 3, now, 50);
  CHECK(recent.find("a", now) == nullptr);
  CHECK(recent.find("b", now) != nullptr);
  CHECK(recent.bytes() == 90);
  recent.put("b", 4, now, 20);
  CHECK(recent.bytes() == 70);
  recent.put("d", 5, now, 100);
  CHECK(recent.size() == 1);
  recent.put("e", 6, now, 101);  // the others stay for it
  CHECK(recent.find("e", now) == nullptr);
  CHECK(recent.find("d", now) != nullptr);
  recent.erase("d");
  CHECK(recent.bytes() == 0);
}

TEST_CASE("no room keeps nothing") {
  Recent<int> recent{0, 5s};
  recent.put("a", 1, now);
  CHECK(recent.find("a", now) == nullptr);
}

}  // namespace
}  // namespace pocketmq::server
