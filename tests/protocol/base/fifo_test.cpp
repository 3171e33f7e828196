#include "protocol/base/fifo.hpp"

#include <deque>
#include <memory>
#include <random>

#include "tests/support/catch.hpp"

using pocketmq::protocol::Fifo;

TEST_CASE("what comes first leaves first, in any order of coming and leaving") {
  std::mt19937 random{7};
  Fifo<int> fifo;
  std::deque<int> expected;
  for (int step = 0; step < 20'000; ++step) {
    if (const bool grows = step / 1'000 % 2 == 0; expected.empty() || random() % 3 < (grows ? 2U : 1U)) {
      fifo.push_back(step);
      expected.push_back(step);
    } else {
      fifo.pop_front();
      expected.pop_front();
    }
    REQUIRE(fifo.empty() == expected.empty());
    if (expected.empty()) continue;
    REQUIRE(fifo.front() == expected.front());
    REQUIRE(fifo.back() == expected.back());
    if (step % 100 == 0) REQUIRE(std::equal(fifo.begin(), fifo.end(), expected.begin(), expected.end()));
  }
}

TEST_CASE("what has left is let go of at once") {
  const auto one = std::make_shared<int>(1);
  Fifo<std::shared_ptr<int>> fifo;
  fifo.push_back(one);
  fifo.push_back(nullptr);
  CHECK(one.use_count() == 2);
  fifo.pop_front();
  CHECK(one.use_count() == 1);
}
