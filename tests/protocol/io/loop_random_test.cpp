#include "protocol/end/loop_random.hpp"

#include <asio/io_context.hpp>

#include "protocol/io/random_of.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::protocol {
namespace {

TEST_CASE("a loop with a seed gives the same ids and seeds in each run") {
  LoopRandom one;
  LoopRandom same;
  LoopRandom other;
  one.make_seeded(7);
  same.make_seeded(7);
  other.make_seeded(8);
  const auto seed = one.next_seed();
  REQUIRE(seed);
  CHECK(same.next_seed() == seed);
  CHECK(other.next_seed() != seed);
  const auto id = one.next_id();
  CHECK(same.next_id() == id);
  CHECK(other.next_id() != id);
  CHECK(one.next_id() != id);
}

TEST_CASE("without a seed a loop gives the system's random numbers") {
  LoopRandom one;
  LoopRandom other;
  CHECK_FALSE(one.next_seed());
  CHECK(one.next_id() != other.next_id());
}

TEST_CASE("an executor's loop has one LoopRandom") {
  asio::io_context context;
  asio::io_context other;
  CHECK(&random_of(context) == &random_of(context.get_executor()));
  CHECK(&random_of(context) != &random_of(other));
}

}  // namespace
}  // namespace pocketmq::protocol
