#include "broker/heap_trim.hpp"

#include "broker/context.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::tests {

using namespace std::chrono_literals;
using broker::TimePoint;

TEST_CASE("memory is given back once and when it is quiet after much was freed") {
  broker::Context context{{}, nullptr};
  broker::HeapTrim trim{context};
  const auto is_due = [&] {
    trim.observe();
    return context.deadlines().earliest();
  };
  context.observe(TimePoint{1h});
  context.memory().charge(100'000'000);
  CHECK(is_due() == TimePoint::max());
  context.memory().release(1'000'000);
  CHECK(is_due() == TimePoint::max());
  context.memory().release(99'000'000);
  CHECK(is_due() == TimePoint{1h + 200ms});
  context.observe(TimePoint{1h + 100ms});
  CHECK(is_due() == TimePoint{1h + 300ms});
  context.deadlines().tell_due(TimePoint{1h + 300ms});
  CHECK(is_due() == TimePoint::max());
}

}  // namespace pocketmq::tests
