#include "broker/queue/unacked_window.hpp"

#include <algorithm>
#include <random>
#include <set>
#include <utility>

#include "tests/support/catch.hpp"
#include "tests/support/lone_queue.hpp"

namespace pocketmq::tests {
namespace {

using Tags = std::vector<std::uint64_t>;

// A window with a queue that its deliveries refer to.
class Window {
  LoneQueue queue_;  // outlives the deliveries

 public:
  void push(std::initializer_list<std::uint64_t> tags) {
    for (const auto tag : tags) push(tag);
  }
  void push(std::uint64_t tag, bool uses_prefetch = true) {
    window.push({.tag = tag, .queue = protocol::Ref<broker::Queue>{&*queue_}, .uses_prefetch = uses_prefetch});
  }
  // The tags that were settled; nothing for an unknown one.
  std::optional<Tags> settle(std::uint64_t tag, bool multiple = false) {
    std::vector<broker::Unacked> settled;
    if (multiple) {
      if (tag != 0 && !window.contains(tag)) return std::nullopt;
      auto deliveries = (tag == 0 ? window.settle_all() : settle_up_to(tag)).deliveries;
      while (!deliveries.empty()) settled.push_back(deliveries.pop_front());
    } else {
      auto delivery = window.settle(tag);
      if (!delivery) return std::nullopt;
      settled.push_back(std::move(*delivery));
    }
    auto tags = tags_of(settled);
    std::ranges::move(settled, std::back_inserter(settled_));
    return tags;
  }
  // All that was settled one by one or up to a tag, in any order.
  Tags restore() {
    auto tags = tags_of(settled_);
    for (auto& delivery : std::exchange(settled_, {})) window.restore(std::move(delivery));
    return tags;
  }
  Tags settle_all() {
    Tags tags;
    window.settle_all().deliveries.for_each([&](const broker::Unacked& delivery) { tags.push_back(delivery.tag); });
    return tags;
  }

  broker::UnackedWindow window;

 private:
  broker::Settled settle_up_to(std::uint64_t tag) {
    broker::Settled settled;
    broker::Budget budget;
    do {
      budget.grant(20);  // so that it pauses
    } while (!window.settle_up_to(tag, settled, budget));
    return settled;
  }
  static Tags tags_of(const std::vector<broker::Unacked>& deliveries) {
    Tags tags;
    for (const auto& delivery : deliveries) tags.push_back(delivery.tag);
    return tags;
  }

  std::vector<broker::Unacked> settled_;
};

}  // namespace

TEST_CASE("a window settles a tag at the front in the middle and at the end") {
  Window window;
  window.push({1, 2, 3, 4, 5});
  CHECK(window.settle(1) == Tags{1});
  CHECK(window.settle(3) == Tags{3});
  CHECK(window.settle(5) == Tags{5});
  CHECK(window.window.size() == 2);
  CHECK(window.settle_all() == Tags{2, 4});
  CHECK(window.window.size() == 0);
}

TEST_CASE("a window settles each tag once") {
  Window window;
  window.push({1, 2, 3, 4});
  const std::uint64_t tag = GENERATE(1, 2, 4);
  CHECK(window.settle(tag) == Tags{tag});
  CHECK(window.settle(tag) == std::nullopt);
  CHECK(window.settle(tag, true) == std::nullopt);
  CHECK(window.window.size() == 3);
}

TEST_CASE("a window settles all up to a tag and oldest first") {
  Window window;
  window.push({1, 2, 3, 4, 5});
  CHECK(window.settle(2) == Tags{2});
  CHECK(window.settle(4, true) == Tags{1, 3, 4});
  CHECK(window.settle(5, true) == Tags{5});
}

TEST_CASE("a window does not know tags between below and beyond its own") {
  Window window;
  CHECK(window.settle(1) == std::nullopt);
  window.push({10, 20, 30});
  const std::uint64_t tag = GENERATE(0, 1, 15, 25, 31, 1'000);
  CHECK(window.settle(tag) == std::nullopt);
  if (tag != 0) CHECK(window.settle(tag, true) == std::nullopt);
  CHECK(window.window.size() == 3);
}

TEST_CASE("0 with multiple settles all that a window has and that may be nothing") {
  Window window;
  CHECK(window.settle(0, true) == Tags{});
  window.push({1, 2, 3});
  CHECK(window.settle(2) == Tags{2});
  CHECK(window.settle(0, true) == Tags{1, 3});
  CHECK(window.settle(0, true) == Tags{});
}

TEST_CASE("a window counts what came through consumers") {
  Window window;
  window.push(1, true);
  window.push(2, false);
  window.push(3, true);
  CHECK(window.window.prefetch_used() == 2);
  CHECK(window.settle(2) == Tags{2});
  CHECK(window.window.prefetch_used() == 2);
  CHECK(window.settle(1) == Tags{1});
  CHECK(window.window.prefetch_used() == 1);
  (void)window.settle_all();
  CHECK(window.window.prefetch_used() == 0);
}

TEST_CASE("very many deliveries leave a window as far as the budget goes, and are counted") {
  Window window;
  for (std::uint64_t tag = 1; tag <= 10'000; ++tag) window.push(tag, tag % 4 != 0);
  broker::Settled settled;
  broker::Budget budget;
  budget.grant(1'000);
  CHECK_FALSE(window.window.settle_up_to(9'000, settled, budget));
  CHECK(settled.deliveries.size() > 500);
  CHECK(settled.deliveries.size() < 2'000);
  CHECK(settled.deliveries.size() + window.window.size() == 10'000);
  CHECK(settled.prefetch_used + window.window.prefetch_used() == 7'500);
  budget.grant(100'000);
  CHECK(window.window.settle_up_to(9'000, settled, budget));
  CHECK(settled.deliveries.size() == 9'000);
  CHECK(settled.prefetch_used == 6'750);
  CHECK(window.window.prefetch_used() == 750);
}

TEST_CASE("a window keeps its order when its gaps are closed") {
  Window window;
  for (std::uint64_t tag = 1; tag <= 1'000; ++tag) window.push(tag);
  // The first and the last stay, so that only closing the gaps frees anything.
  for (std::uint64_t tag = 2; tag < 1'000; ++tag)
    if (tag % 100 != 0) REQUIRE(window.settle(tag) == Tags{tag});
  CHECK(window.window.size() == 11);
  CHECK(window.settle(500) == Tags{500});
  CHECK(window.settle(501) == std::nullopt);
  CHECK(window.settle_all() == Tags{1, 100, 200, 300, 400, 600, 700, 800, 900, 1'000});
}

TEST_CASE("what is restored to a window is back in its place") {
  Window window;
  window.push({1, 2, 3, 4, 5, 6});
  const auto settled = GENERATE(values<Tags>({{1}, {3}, {6}, {6, 1, 3}, {4, 3, 2}, {1, 2, 3, 4, 5, 6}}));
  for (const auto tag : settled) REQUIRE(window.settle(tag) == Tags{tag});
  CHECK(window.restore() == settled);
  CHECK(window.window.size() == 6);
  CHECK(window.window.prefetch_used() == 6);
  CHECK(window.settle(2) == Tags{2});
  CHECK(window.settle_all() == Tags{1, 3, 4, 5, 6});
}

TEST_CASE("what is restored finds its place where gaps were closed") {
  Window window;
  for (std::uint64_t tag = 1; tag <= 100; ++tag) window.push(tag);
  for (std::uint64_t tag = 99; tag > 1; --tag)
    if (tag != 50) REQUIRE(window.settle(tag) == Tags{tag});
  (void)window.restore();
  for (std::uint64_t tag = 1; tag <= 100; ++tag) REQUIRE(window.settle(tag) == Tags{tag});
}

TEST_CASE("a window settles what a simple set would") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random{seed};
  const auto up_to = [&](std::uint64_t most) { return std::uniform_int_distribution<std::uint64_t>{0, most}(random); };
  Window window;
  std::set<std::uint64_t> model;
  std::uint64_t last = 0;
  for (int step = 0; step < 20'000; ++step) {
    if (up_to(99) < 45) {
      last += 1 + up_to(2);
      window.push(last);
      model.insert(last);
      continue;
    }
    if (up_to(999) < 5) {
      for (const auto tag : window.restore()) model.insert(tag);
      continue;
    }
    const auto tag = up_to(99) < 5 ? 0 : last - std::min(last, up_to(30));
    const bool multiple = up_to(99) < 10;
    std::optional<Tags> expected;
    if (multiple && (tag == 0 || model.contains(tag))) {
      const auto end = tag == 0 ? model.end() : model.upper_bound(tag);
      expected = Tags{model.begin(), end};
      model.erase(model.begin(), end);
    } else if (!multiple && model.erase(tag) == 1) {
      expected = Tags{tag};
    }
    REQUIRE(window.settle(tag, multiple) == expected);
    REQUIRE(window.window.size() == model.size());
  }
  CHECK(window.settle_all() == Tags{model.begin(), model.end()});
}

}  // namespace pocketmq::tests
