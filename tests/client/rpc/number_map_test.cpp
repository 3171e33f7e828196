#include "client/rpc/number_map.hpp"

#include <map>
#include <memory>
#include <random>

#include "tests/support/catch.hpp"

namespace pocketmq::client {
namespace {

TEST_CASE("values are found by their numbers, and only by those") {
  NumberMap<std::unique_ptr<int>> values;
  CHECK(values.find(1) == nullptr);
  values.emplace(1, std::make_unique<int>(10));
  values.emplace(17, std::make_unique<int>(170));
  REQUIRE(values.find(1) != nullptr);
  CHECK(**values.find(1) == 10);
  CHECK(**values.find(17) == 170);
  CHECK(values.find(2) == nullptr);
  values.erase(1);
  values.erase(2);
  CHECK(values.find(1) == nullptr);
  CHECK(values.size() == 1);
}

TEST_CASE("a value stays where it is, however many come and go") {
  NumberMap<int> values;
  const int* const first = &values.emplace(0, 7);
  for (std::uint64_t number = 1; number < 1'000; ++number) values.emplace(number, 0);
  for (std::uint64_t number = 1; number < 1'000; ++number) values.erase(number);
  CHECK(values.find(0) == first);
  CHECK(*first == 7);
  CHECK(values.size() == 1);
}

TEST_CASE("a value's end may look for others") {
  NumberMap<std::shared_ptr<void>> values;
  bool found_itself = true;
  values.emplace(1, std::shared_ptr<void>{nullptr, [&](void*) { found_itself = values.find(1) != nullptr; }});
  values.erase(1);
  CHECK_FALSE(found_itself);
  CHECK(values.empty());
}

TEST_CASE("numbers in any order, together or far apart, are kept as a map keeps them") {
  std::mt19937_64 random{5};
  NumberMap<std::uint64_t> values;
  std::map<std::uint64_t, std::uint64_t> expected;
  for (int step = 0; step < 20'000; ++step) {
    const auto number = step % 2 == 0 ? random() % 300 : (random() % 300) << 48U;
    if (expected.erase(number) > 0) {
      values.erase(number);
    } else {
      expected.emplace(number, step);
      values.emplace(number, static_cast<std::uint64_t>(step));
    }
    const auto other = random() % 300;
    REQUIRE((values.find(other) != nullptr) == expected.contains(other));
  }
  REQUIRE(values.size() == expected.size());
  std::map<std::uint64_t, std::uint64_t> kept;
  values.for_each([&](std::uint64_t number, std::uint64_t value) { kept.emplace(number, value); });
  CHECK(kept == expected);
}

}  // namespace
}  // namespace pocketmq::client
