#include "broker/core/deadline_heap.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

using broker::DeadlineHeap;
using broker::TimePoint;

TimePoint second(int n) { return TimePoint{std::chrono::seconds{n}}; }

class Alarm final : public broker::Deadline {
 public:
  explicit Alarm(
      DeadlineHeap& heap, std::function<void(Alarm&)> then = [](Alarm&) {})
      : Deadline{heap}, then_{std::move(then)} {}

  std::vector<TimePoint> rung;

 private:
  void due(TimePoint now) override {
    rung.push_back(now);
    then_(*this);
  }

  std::function<void(Alarm&)> then_;
};

broker::Budget plenty = [] {
  broker::Budget budget;
  budget.grant(1'000'000'000);
  return budget;
}();

}  // namespace

TEST_CASE("a heap without deadlines waits for nothing") {
  DeadlineHeap heap;
  CHECK(heap.earliest() == TimePoint::max());
  heap.tell_due(second(1'000), plenty);
  Alarm alarm{heap};
  CHECK(alarm.at() == TimePoint::max());
  CHECK(heap.earliest() == TimePoint::max());
}

TEST_CASE("a deadline is told when its time has come and once") {
  DeadlineHeap heap;
  Alarm alarm{heap};
  alarm.set(second(10));
  CHECK(heap.earliest() == second(10));
  heap.tell_due(second(9), plenty);
  CHECK(alarm.rung.empty());
  heap.tell_due(second(10), plenty);
  CHECK(alarm.rung == std::vector{second(10)});
  CHECK(alarm.at() == TimePoint::max());
  heap.tell_due(second(20), plenty);
  CHECK(alarm.rung.size() == 1);
}

TEST_CASE("deadlines are told earliest first") {
  DeadlineHeap heap;
  std::vector<int> order;
  Alarm three{heap, [&](Alarm&) { order.push_back(3); }};
  Alarm one{heap, [&](Alarm&) { order.push_back(1); }};
  Alarm two{heap, [&](Alarm&) { order.push_back(2); }};
  three.set(second(3));
  one.set(second(1));
  two.set(second(2));
  heap.tell_due(second(3), plenty);
  CHECK(order == std::vector{1, 2, 3});
}

TEST_CASE("a deadline can be moved to either side and cleared") {
  DeadlineHeap heap;
  Alarm a{heap}, b{heap};
  a.set(second(10));
  b.set(second(20));
  b.set(second(5));
  CHECK(heap.earliest() == second(5));
  b.set(second(30));
  CHECK(heap.earliest() == second(10));
  a.set(TimePoint::max());
  CHECK(heap.earliest() == second(30));
  heap.tell_due(second(40), plenty);
  CHECK(a.rung.empty());
  CHECK(b.rung.size() == 1);
}

TEST_CASE("a destroyed deadline is not told") {
  DeadlineHeap heap;
  Alarm stays{heap};
  stays.set(second(2));
  {
    Alarm goes{heap};
    goes.set(second(1));
  }
  CHECK(heap.earliest() == second(2));
  heap.tell_due(second(3), plenty);
  CHECK(stays.rung.size() == 1);
}

TEST_CASE("a deadline set again for the past waits for the next time") {
  DeadlineHeap heap;
  Alarm again{heap, [](Alarm& alarm) { alarm.set(second(1)); }};
  again.set(second(1));
  heap.tell_due(second(5), plenty);
  CHECK(again.rung.size() == 1);
  CHECK(heap.earliest() == second(1));
  heap.tell_due(second(5), plenty);
  CHECK(again.rung.size() == 2);
}

TEST_CASE("a deadline set again for the past is told once however many others are set") {
  DeadlineHeap heap;
  Alarm again{heap, [](Alarm& alarm) { alarm.set(second(1)); }};
  std::vector<std::unique_ptr<Alarm>> others;
  for (int i = 0; i < 10; ++i) others.emplace_back(std::make_unique<Alarm>(heap))->set(second(2 + i));
  again.set(second(1));
  heap.tell_due(second(5), plenty);
  CHECK(again.rung.size() == 1);
  CHECK(heap.earliest() == second(1));
  again.set(TimePoint::max());
  CHECK(heap.earliest() == second(6));
}

TEST_CASE("a deadline that others set for the past may be moved and cleared before it is told") {
  DeadlineHeap heap;
  Alarm moved{heap}, cleared{heap};
  Alarm first{heap, [&](Alarm&) {
                for (auto* alarm : {&moved, &cleared}) alarm->set(second(1));
                moved.set(second(2));
                cleared.set(TimePoint::max());
              }};
  first.set(second(3));
  heap.tell_due(second(4), plenty);
  CHECK(moved.rung.empty());
  heap.tell_due(second(4), plenty);
  CHECK(moved.rung.size() == 1);
  CHECK(cleared.rung.empty());
}

TEST_CASE("a deadline may clear another that is due as well") {
  DeadlineHeap heap;
  Alarm second_one{heap};
  Alarm first{heap, [&](Alarm&) { second_one.set(TimePoint::max()); }};
  first.set(second(1));
  second_one.set(second(2));
  heap.tell_due(second(3), plenty);
  CHECK(first.rung.size() == 1);
  CHECK(second_one.rung.empty());
  CHECK(heap.earliest() == TimePoint::max());
}

TEST_CASE("a heap tells what a simple list would") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random{seed};
  const auto below = [&](int limit) { return std::uniform_int_distribution{0, limit - 1}(random); };

  DeadlineHeap heap;
  std::vector<std::unique_ptr<Alarm>> alarms(50);
  std::vector<TimePoint> model(alarms.size(), TimePoint::max());
  int now = 0;
  for (int step = 0; step < 20'000; ++step) {
    const auto i = static_cast<std::size_t>(below(static_cast<int>(alarms.size())));
    switch (below(10)) {
      case 0:  // a new one in its place
        alarms[i] = std::make_unique<Alarm>(heap);
        model[i] = TimePoint::max();
        break;
      case 1:
        if (alarms[i]) alarms[i]->set(TimePoint::max());
        model[i] = TimePoint::max();
        break;
      case 2: {
        now += below(20);
        for (auto& alarm : alarms)
          if (alarm) alarm->rung.clear();
        heap.tell_due(second(now), plenty);
        for (std::size_t a = 0; a < alarms.size(); ++a) {
          const bool was_due = model[a] <= second(now);
          REQUIRE((alarms[a] && alarms[a]->rung.size() == 1) == was_due);
          if (was_due) model[a] = TimePoint::max();
        }
        break;
      }
      default:
        if (!alarms[i]) break;
        model[i] = second(now + below(60));
        alarms[i]->set(model[i]);
    }
    REQUIRE(heap.earliest() == *std::ranges::min_element(model));
  }
}

TEST_CASE("deadlines that the budget does not reach are told with the next one earliest first") {
  DeadlineHeap heap;
  Alarm first{heap}, second_one{heap};
  first.set(second(1));
  second_one.set(second(2));
  broker::Budget little;
  little.grant(1);
  heap.tell_due(second(5), little);
  CHECK(first.rung.size() == 1);
  CHECK(second_one.rung.empty());
  CHECK(heap.earliest() == second(2));
  heap.tell_due(second(5), plenty);
  CHECK(second_one.rung.size() == 1);
}

}  // namespace pocketmq::tests
