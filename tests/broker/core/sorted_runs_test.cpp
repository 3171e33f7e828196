#include "broker/core/sorted_runs.hpp"

#include <map>
#include <memory>
#include <random>
#include <string>

#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

// Something that may only be moved, as what the broker keeps in runs.
struct Numbered {
  std::uint64_t number{0};
  std::unique_ptr<int> value{};
};

using Runs = broker::SortedRuns<Numbered, &Numbered::number>;
using Numbers = std::vector<std::uint64_t>;

Numbered numbered(std::uint64_t number) { return {number, std::make_unique<int>(static_cast<int>(number))}; }

Runs runs_of(const Numbers& numbers) {
  Runs runs;
  for (const auto number : numbers) runs.insert(numbered(number));
  return runs;
}

Numbers numbers_of(const Runs& runs) {
  Numbers numbers;
  runs.for_each([&](const Numbered& entry) {
    REQUIRE(entry.value != nullptr);
    REQUIRE(*entry.value == static_cast<int>(entry.number));
    numbers.push_back(entry.number);
  });
  REQUIRE(numbers.size() == runs.size());
  return numbers;
}

Numbers from_to(std::uint64_t first, std::uint64_t last) {
  Numbers numbers;
  for (auto number = first; number <= last; ++number) numbers.push_back(number);
  return numbers;
}

Runs take_up_to(Runs& runs, std::uint64_t number) {
  Runs taken;
  for (;;) {
    auto some = runs.take_some_up_to(number);
    REQUIRE(some.size() <= 64);
    if (some.empty()) return taken;
    taken.append(std::move(some));
    REQUIRE(some.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  }
}

}  // namespace

TEST_CASE("runs give back first what has the least number") {
  Runs runs;
  for (std::uint64_t number = 1; number <= 1'000; ++number) runs.push_back(numbered(number));
  CHECK(runs.front().number == 1);
  CHECK(runs.back().number == 1'000);
  for (std::uint64_t number = 1; number <= 1'000; ++number) REQUIRE(runs.pop_front().number == number);
  CHECK(runs.empty());
}

TEST_CASE("runs may be filled in any order") {
  auto numbers = from_to(1, 1'000);
  const auto order = GENERATE(0, 1, 2);
  if (order == 1) std::ranges::reverse(numbers);
  if (order == 2) std::ranges::shuffle(numbers, std::mt19937{1});
  CHECK(numbers_of(runs_of(numbers)) == from_to(1, 1'000));
}

TEST_CASE("runs know each number once") {
  auto runs = runs_of({10, 20, 30});
  CHECK(runs.contains(20));
  CHECK(runs.take(20)->number == 20);
  CHECK_FALSE(runs.contains(20));
  CHECK_FALSE(runs.take(20));
  const std::uint64_t unknown = GENERATE(0, 1, 15, 25, 31, 1'000);
  CHECK_FALSE(runs.contains(unknown));
  CHECK_FALSE(runs.take(unknown));
  CHECK(numbers_of(runs) == Numbers{10, 30});
}

TEST_CASE("runs that were emptied may be filled again") {
  auto runs = runs_of({50, 60});
  CHECK(runs.take(60)->number == 60);
  CHECK(runs.take(50)->number == 50);
  CHECK(runs.empty());
  CHECK_FALSE(runs.take(50));
  SECTION("with what comes before") { runs.insert(numbered(10)); }
  SECTION("with what comes behind") { runs.push_back(numbered(70)); }
  CHECK(runs.size() == 1);
  CHECK(runs.front().number == runs.back().number);
}

TEST_CASE("what is taken up to a number leaves the rest") {
  auto runs = runs_of(from_to(1, 1'000));
  const std::uint64_t last = GENERATE(0, 1, 63, 64, 65, 500, 999, 1'000, 2'000);
  const auto taken = take_up_to(runs, last);
  CHECK(numbers_of(taken) == from_to(1, std::min<std::uint64_t>(last, 1'000)));
  CHECK(numbers_of(runs) == from_to(last + 1, 1'000));
}

TEST_CASE("runs may be moved and what they were moved from is empty") {
  auto from = runs_of({1, 2, 3});
  auto to = std::move(from);
  CHECK(from.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  CHECK(numbers_of(to) == Numbers{1, 2, 3});
  from = std::move(to);
  CHECK(numbers_of(from) == Numbers{1, 2, 3});
}

TEST_CASE("runs do what a sorted map does") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random{seed};
  const auto below = [&](std::uint64_t limit) {
    return std::uniform_int_distribution<std::uint64_t>{0, limit - 1}(random);
  };
  Runs runs;
  std::map<std::uint64_t, int> model;
  std::uint64_t last = 0;
  for (int step = 0; step < 50'000; ++step) {
    const auto choice = below(100);
    // Now it grows, now it shrinks, so that runs are split, emptied and shrunk.
    const std::uint64_t pushes = step / 5'000 % 2 == 0 ? 50 : 25;
    const auto any = below(last + 2);
    if (choice < pushes) {
      last += 1 + below(3);
      runs.push_back(numbered(last));
      model.emplace(last, 0);
    } else if (choice < 70) {
      REQUIRE(runs.take(any).has_value() == (model.erase(any) == 1));
    } else if (choice < 80 && !model.empty()) {
      REQUIRE(runs.pop_front().number == model.begin()->first);
      model.erase(model.begin());
    } else if (choice < 99) {
      if (model.emplace(any, 0).second) runs.insert(numbered(any));
      last = std::max(last, any);
    } else if (below(10) == 0) {
      auto taken = take_up_to(runs, any);
      const auto end = model.upper_bound(any);
      REQUIRE(taken.size() == static_cast<std::size_t>(std::distance(model.begin(), end)));
      while (!taken.empty()) {
        REQUIRE(taken.pop_front().number == model.begin()->first);
        model.erase(model.begin());
      }
    }
    REQUIRE(runs.size() == model.size());
    if (model.empty()) continue;
    REQUIRE(runs.front().number == model.begin()->first);
    REQUIRE(runs.back().number == model.rbegin()->first);
    if (step % 1'000 != 0) continue;
    Numbers expected;
    for (const auto& [number, unused] : model) expected.push_back(number);
    REQUIRE(numbers_of(runs) == expected);
  }
}

}  // namespace pocketmq::tests
