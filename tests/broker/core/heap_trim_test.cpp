#include "broker/core/heap_trim.hpp"

#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

#include <unistd.h>

#include "broker/core/context.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

[[maybe_unused]] std::ptrdiff_t resident_bytes() {  // AddressSanitizer keeps what is freed
  std::ptrdiff_t all_pages = 0, resident_pages = 0;
  std::ifstream{"/proc/self/statm"} >> all_pages >> resident_pages;
  return resident_pages * sysconf(_SC_PAGESIZE);
}

}  // namespace

using namespace std::chrono_literals;
using broker::TimePoint;

TEST_CASE("memory is given back once and when it is quiet after much was freed") {
  broker::Context context{{}, nullptr};
  broker::HeapTrim trim{context};
  const auto is_due = [&] {
    trim.observe();
    return context.real_deadlines().earliest();
  };
  context.clock().observe(TimePoint{1h});
  context.memory().charge(100'000'000);
  CHECK(is_due() == TimePoint::max());
  context.memory().release(1'000'000);
  CHECK(is_due() == TimePoint::max());
  context.memory().release(99'000'000);
  CHECK(is_due() == TimePoint{1h + 200ms});
  context.clock().observe(TimePoint{1h + 100ms});
  CHECK(is_due() == TimePoint{1h + 300ms});
  context.real_deadlines().tell_due(TimePoint{1h + 300ms}, context.budget());
  CHECK(is_due() == TimePoint::max());
}

TEST_CASE("giving back that takes long is repeated when it was quiet and it has rested") {
  broker::Context context{{}, nullptr};
  int times = 0;
  std::chrono::nanoseconds takes = 1ms;
  broker::HeapTrim trim{context, [&] {
                          ++times;
                          return takes;
                        }};
  const auto rises_and_falls = [&] {
    context.memory().charge(40'000'000);
    trim.observe();
    context.memory().release(40'000'000);
    trim.observe();
  };
  const auto advance = [&](TimePoint to) {
    context.clock().observe(to);
    context.real_deadlines().tell_due(to, context.budget());
  };
  context.clock().observe(TimePoint{1h});
  rises_and_falls();
  rises_and_falls();
  CHECK(times == 2);
  takes = 50ms;
  rises_and_falls();
  CHECK(times == 3);
  rises_and_falls();
  CHECK(times == 3);
  CHECK(context.real_deadlines().earliest() == TimePoint{1h + 5s});
  context.clock().observe(TimePoint{1h + 4'900ms});
  trim.observe();
  CHECK(context.real_deadlines().earliest() == TimePoint{1h + 5'100ms});
  context.memory().charge(40'000'000);
  context.clock().observe(TimePoint{1h + 5s});
  trim.observe();
  CHECK(context.real_deadlines().earliest() == TimePoint{1h + 5'200ms});
  takes = 1ms;
  advance(TimePoint{1h + 5'200ms});
  CHECK(times == 4);
  context.memory().release(40'000'000);
  trim.observe();
  CHECK(times == 5);
}

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
TEST_CASE("memory is given back at once after very much was freed") {
  broker::Context context{{}, nullptr};
  broker::HeapTrim trim{context};
  constexpr std::size_t piece_bytes = 1'000, pieces = 50'000;
  std::vector<std::unique_ptr<char[]>> held;
  for (std::size_t i = 0; i < pieces; ++i) {
    held.push_back(std::make_unique<char[]>(piece_bytes));
    std::memset(held.back().get(), 1, piece_bytes);
  }
  const auto above = std::make_unique<char[]>(piece_bytes);  // keeps the heap from shrinking by itself
  context.memory().charge(pieces * piece_bytes);
  trim.observe();
  const auto before = resident_bytes();
  held.clear();
  context.memory().release(pieces * piece_bytes);
  trim.observe();
  CHECK(before - resident_bytes() > 40'000'000);
}
#endif

}  // namespace pocketmq::tests
