#include "broker/core/wide_publishes.hpp"

#include <optional>

#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

using Share = broker::WidePublishes::Share;

constexpr std::size_t memory_max = 1'000'000;
constexpr std::size_t all_may_hold = memory_max / 8;

}  // namespace

TEST_CASE("what wide publishes hold is charged") {
  broker::Memory memory{memory_max};
  broker::WidePublishes wide{memory};
  {
    Share share{wide};
    share.set_bytes(10'000);
    CHECK(memory.used() == 10'000);
    share.set_bytes(3'000);
    CHECK(memory.used() == 3'000);
    const auto moved = std::move(share);
    CHECK(memory.used() == 3'000);
  }
  CHECK(memory.used() == 0);
}

TEST_CASE("wide publishes grow one at a time when their share of the memory is taken up") {
  broker::Memory memory{memory_max};
  broker::WidePublishes wide{memory};
  std::optional<Share> one{wide}, other{wide};
  one->set_bytes(all_may_hold - 10'000);
  other->set_bytes(9'000);
  CHECK(one->may_grow());
  CHECK(other->may_grow());
  other->set_bytes(10'000);
  CHECK_FALSE(one->may_grow());
  CHECK_FALSE(wide.has_room_for(5'000));
  CHECK(other->may_grow());
  std::optional<Share> handed_over{std::move(*other)};
  other.reset();
  CHECK_FALSE(one->may_grow());
  SECTION("to its end") {
    handed_over->set_bytes(20'000);
    CHECK(handed_over->may_grow());
    handed_over.reset();
    CHECK(one->may_grow());
  }
  SECTION("and what is little beside them") {
    Share little{wide};
    CHECK(wide.has_room_for(2'000));
    CHECK(little.may_grow_to(2'000));
    little.set_bytes(2'000);
    CHECK(little.may_grow());
    CHECK_FALSE(little.may_grow_to(5'000));
    little.set_bytes(5'000);
    CHECK_FALSE(little.may_grow());
    handed_over.reset();
    CHECK(little.may_grow());
  }
}

}  // namespace pocketmq::tests
