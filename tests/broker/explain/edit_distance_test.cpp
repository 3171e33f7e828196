// Distances of names, and what error texts make of them.
#include "broker/explain/edit_distance.hpp"

#include <array>
#include <random>
#include <vector>

#include "tests/support/catch.hpp"

namespace pocketmq::broker {
namespace {

// The same distance without a bound, by the textbook's table.
std::size_t whole_table_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> table(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i)
    for (std::size_t j = 0; j <= b.size(); ++j) {
      auto& field = table[i][j];
      if (i == 0 || j == 0) {
        field = i + j;
        continue;
      }
      field = std::min({table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        field = std::min(field, table[i - 2][j - 2] + 1);
    }
  return table[a.size()][b.size()];
}

}  // namespace

TEST_CASE("the edit distance counts inserted, removed, replaced and exchanged letters") {
  CHECK(edit_distance("", "", 3) == 0);
  CHECK(edit_distance("orders", "orders", 0) == 0);
  CHECK(edit_distance("order", "orders", 3) == 1);
  CHECK(edit_distance("orders", "ordres", 3) == 1);
  CHECK(edit_distance("orders", "borders", 3) == 1);
  CHECK(edit_distance("kitten", "sitting", 3) == 3);
  CHECK(edit_distance("kitten", "sitting", 2) == 3);
  CHECK(edit_distance("", "abc", 3) == 3);
  CHECK(edit_distance("abc", "", 2) == 3);
}

TEST_CASE("the bounded edit distance is that of the whole table") {
  std::mt19937 random{16};
  const auto word = [&random] {
    std::string letters(random() % 9, 'a');
    for (auto& c : letters) c = static_cast<char>('a' + random() % 3);
    return letters;
  };
  for (int i = 0; i < 20'000; ++i) {
    const auto a = word(), b = word();
    const std::size_t max = random() % 6;
    INFO(a << " and " << b << " up to " << max);
    REQUIRE(edit_distance(a, b, max) == std::min(whole_table_distance(a, b), max + 1));
  }
}

TEST_CASE("a difference of names is told in words") {
  CHECK(difference_text("order.created", "orders.created") == "differs from 'orders.created' by one letter");
  CHECK(difference_text("orders.craeted", "order.created") == "differs from 'order.created' by 2 letters");
  CHECK(difference_text("Orders", "orders") == "differs from 'orders' only in upper and lower case");
  CHECK(difference_text("orders ", "orders") == "differs from 'orders' only in spaces");
  CHECK(difference_text("billing", "orders") == "is not 'orders'");
}

TEST_CASE("the nearest names come first and distant ones not at all") {
  const std::array<std::string, 5> names{"billing", "orders.eu", "order", "orders", "Ordrs"};
  CHECK(nearest_names("ordrs", names) == std::vector<std::string>{"Ordrs", "orders"});
  CHECK(nearest_names("ordrs", names, 1) == std::vector<std::string>{"Ordrs"});
  CHECK(nearest_names("x", names).empty());
  CHECK(did_you_mean("bilings", names) == " (did you mean 'billing'?)");
  CHECK(did_you_mean("ordrs", names) == " (did you mean 'Ordrs' or 'orders'?)");
  CHECK(did_you_mean("nothing", names).empty());
}

}  // namespace pocketmq::broker
