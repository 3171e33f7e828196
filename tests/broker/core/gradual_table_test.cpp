#include "broker/core/gradual_table.hpp"

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/core/by_name.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

using IntTable = broker::GradualMap<int, int>;
using Element = std::pair<const int, int>;

constexpr int many = 50'000;

// Has 0, 1, 2, ..., each with its negative.
struct Filled : IntTable {
  explicit Filled(int size) {
    for (int key = 0; key < size; ++key) add(key, -key);
  }
};

void require_exactly(const IntTable& table, const std::map<int, int>& expected) {
  REQUIRE(table.size() == expected.size());
  REQUIRE(table.empty() == expected.empty());
  std::map<int, int> seen;
  table.for_each([&](const auto& element) { REQUIRE(seen.insert(element).second); });
  REQUIRE(seen == expected);
}

}  // namespace

TEST_CASE("a gradual table has what was added to it, and nothing else") {
  Filled table{10};
  REQUIRE(table.size() == 10);
  for (int key = 0; key < 10; ++key) REQUIRE(table.find(key)->second == -key);
  REQUIRE(table.find(10) == nullptr);
  table.find(3)->second = 33;
  REQUIRE(std::as_const(table).find(3)->second == 33);
}

TEST_CASE("a gradual table may be of elements that may only be moved, and have their keys in them") {
  struct NumberOf {
    int operator()(const std::unique_ptr<int>& number) const { return *number; }
  };
  broker::GradualTable<std::unique_ptr<int>, NumberOf, std::hash<int>> table;
  const auto* added = table.add(std::make_unique<int>(7)).get();
  REQUIRE(table.find(7)->get() == added);
  REQUIRE(table.erase(7));
  REQUIRE_FALSE(table.erase(7));
  REQUIRE(table.empty());
}

TEST_CASE("a table by name is asked with views, and finds names that are alike") {
  broker::ByName<int> table;
  for (int i = 0; i < 1'000; ++i) table.add(std::string(static_cast<std::size_t>(i), 'a'), i);
  const std::string longest(999, 'a');
  for (int i = 0; i < 1'000; ++i)
    REQUIRE(table.find(std::string_view{longest}.substr(0, static_cast<std::size_t>(i)))->second == i);
  REQUIRE(table.find("b") == nullptr);
}

TEST_CASE("elements stay where they are while a gradual table grows and shrinks") {
  IntTable table;
  std::vector<const Element*> elements;
  std::mt19937 random{1};
  const auto require_any = [&](int first) {
    const auto key = first + static_cast<int>(random() % static_cast<unsigned>(many - first));
    const auto at = static_cast<std::size_t>(key);
    REQUIRE(table.find(key) == (at < elements.size() ? elements[at] : nullptr));
  };
  for (int key = 0; key < many; ++key) {
    elements.push_back(&table.add(key, -key));
    REQUIRE(table.size() == elements.size());
    require_any(0);
  }
  for (int key = 0; key < many; ++key) {
    require_any(key);
    REQUIRE(elements[static_cast<std::size_t>(key)]->second == -key);
    REQUIRE(table.erase(key));
    REQUIRE(table.find(key) == nullptr);
  }
  REQUIRE(table.empty());
}

TEST_CASE("each insertion adds a bucket or two, and each removal takes a few away") {
  IntTable table;
  auto buckets = table.bucket_count();
  for (int key = 0; key < many; ++key) {
    table.add(key, -key);
    const auto before = std::exchange(buckets, table.bucket_count());
    REQUIRE(buckets >= before);
    REQUIRE(buckets <= before + 2);
  }
  REQUIRE(buckets == table.size());
  for (int key = 0; key < many; ++key) {
    REQUIRE(table.erase(key));
    const auto before = std::exchange(buckets, table.bucket_count());
    REQUIRE(buckets <= before);
    REQUIRE(buckets + 4 >= before);
  }
  REQUIRE(buckets == 1);
}

// Counts how often it is asked whether keys are equal: that is how many elements stand in one bucket.
struct CountingEqual {
  static inline int asked = 0;
  bool operator()(const void* a, const void* b) const { return ++asked, a == b; }
};

TEST_CASE("few elements stand in one bucket, even if their keys are all multiples of a power of two") {
  broker::GradualTable<const void*, std::identity, std::hash<const void*>, CountingEqual> table;
  const auto memory = std::make_unique<char[]>(4'096 * 256);
  const auto key = [&](std::size_t i) -> const void* { return memory.get() + i * 256; };
  for (std::size_t i = 0; i < 4'096; ++i) table.add(key(i));
  for (std::size_t i = 0; i < 4'096; ++i) {
    CountingEqual::asked = 0;
    REQUIRE(*table.find(key(i)) == key(i));
    REQUIRE(CountingEqual::asked <= 10);
  }
}

TEST_CASE("a gradual table is gone through at any size, each element once") {
  for (const auto size : {0, 1, 15, 16, 17, 18, 30, 100, 4'095, 4'096, 4'097, 10'000, many}) {
    std::map<int, int> expected;
    for (int key = 0; key < size; ++key) expected[key] = -key;
    require_exactly(Filled{size}, expected);
  }
}

TEST_CASE("a gradual table does what a map does, however it grows and shrinks") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random{seed};
  IntTable table;
  std::map<int, int> expected;
  for (const int percent_added : {90, 60, 10, 70, 0}) {
    for (int i = 0; i < 10'000; ++i) {
      const auto key = static_cast<int>(random() % 65'536);
      if (static_cast<int>(random() % 100) < percent_added) {
        if (expected.emplace(key, i).second)
          table.add(key, i);
        else
          REQUIRE(table.find(key)->second == expected.at(key));
      } else {
        REQUIRE(table.erase(key) == (expected.erase(key) == 1));
        REQUIRE(table.find(key) == nullptr);
      }
    }
    require_exactly(table, expected);
  }
}

TEST_CASE("a gradual table is emptied one by one, whatever it had") {
  for (const auto size : {1, 16, 17, 20, 100, 4'096, 4'097, many}) {
    Filled table{size};
    for (auto left = table.size(); left > 0; --left) {
      REQUIRE(table.size() == left);
      table.erase_one();
    }
    require_exactly(table, {});
  }
}

TEST_CASE("a gradual table that was cleared is as a new one") {
  for (const auto size : {0, 10, 20, 5'000, many}) {
    Filled table{size};
    table.clear();
    require_exactly(table, {});
    REQUIRE(table.find(0) == nullptr);
    table.add(0, 1);
    require_exactly(table, {{0, 1}});
  }
}

}  // namespace pocketmq::tests
