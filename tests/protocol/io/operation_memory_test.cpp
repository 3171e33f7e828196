#include "protocol/io/operation_memory.hpp"

#include <vector>

#include "tests/support/catch.hpp"

using pocketmq::protocol::HandlerWithMemory;
using pocketmq::protocol::OperationAllocator;
using pocketmq::protocol::OperationMemory;

namespace {

constexpr std::size_t usual_bytes = 96;

}  // namespace

TEST_CASE("an operation that is started again lies where it lay") {
  OperationMemory memory;
  auto* const first = memory.take(usual_bytes);
  memory.give_back(first);
  CHECK(memory.take(usual_bytes) == first);
  memory.give_back(first);
}

TEST_CASE("a second operation, and a large one, get memory elsewhere") {
  OperationMemory memory;
  auto* const first = memory.take(usual_bytes);
  auto* const second = memory.take(usual_bytes);
  CHECK(second != first);
  memory.give_back(first);
  auto* const large = memory.take(10'000);
  CHECK(large != first);
  CHECK(memory.take(usual_bytes) == first);
  for (auto* place : {first, second, large}) memory.give_back(place);
}

TEST_CASE("a handler's allocator, of whatever type, takes the handler's memory") {
  OperationMemory memory;
  int called_with = 0;
  const auto take = [&](int argument) { called_with = argument; };
  HandlerWithMemory<decltype(take)> handler{memory, take};
  const OperationAllocator<double> allocator{handler.get_allocator()};
  CHECK(OperationAllocator<std::byte>{allocator} == handler.get_allocator());

  auto* const place = memory.take(1);
  memory.give_back(place);
  std::vector<double, OperationAllocator<double>> numbers(3, allocator);
  CHECK(static_cast<void*>(numbers.data()) == place);

  handler(5);
  CHECK(called_with == 5);
}
