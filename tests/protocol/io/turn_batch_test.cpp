#include "protocol/io/turn_batch.hpp"

#include <memory>
#include <utility>
#include <vector>

#include "tests/support/catch.hpp"

namespace pocketmq::protocol {

TEST_CASE("the first item of a turn gets the batch and later ones join it") {
  TurnBatch<int> turn;
  const auto batch = turn.add(1);
  REQUIRE(batch);
  CHECK_FALSE(turn.add(2));
  CHECK_FALSE(turn.add(3));
  CHECK(*batch == std::vector{1, 2, 3});
}

TEST_CASE("an item that comes after the end of a turn begins another batch") {
  TurnBatch<int> turn;
  const auto first = turn.add(1);
  turn.end();
  const auto second = turn.add(2);
  REQUIRE(second);
  CHECK(*first == std::vector{1});
  CHECK(*second == std::vector{2});
}

TEST_CASE("a batch that was given back is empty and serves a later turn with its memory") {
  TurnBatch<int> turn;
  auto batch = turn.add(1);
  const auto* const memory = batch->data();
  turn.end();
  turn.reuse(std::move(batch));
  const auto later = turn.add(2);
  REQUIRE(later);
  CHECK(*later == std::vector{2});
  CHECK(later->data() == memory);
}

TEST_CASE("items go with the handler that owns their batch") {
  const auto item = std::make_shared<int>(1);
  TurnBatch<std::shared_ptr<int>> turn;
  {
    const auto batch = turn.add(item);
    CHECK_FALSE(turn.add(item));
    CHECK(item.use_count() == 3);
  }
  CHECK(item.use_count() == 1);
}

}  // namespace pocketmq::protocol
