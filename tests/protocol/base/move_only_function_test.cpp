#include "protocol/base/move_only_function.hpp"

#include <array>
#include <memory>
#include <string>

#include "tests/support/catch.hpp"

namespace pocketmq::protocol {
namespace {

TEST_CASE("a function keeps what it was made of, small or large, wherever it moves") {
  auto small = std::make_unique<int>(1);
  MoveOnlyFunction<int(int)> add{[small = std::move(small)](int n) { return *small + n; }};
  std::array<int, 100> many{};
  many[99] = 10;
  MoveOnlyFunction<int(int)> add_more{[many](int n) { return many[99] + n; }};
  auto moved = std::move(add);
  CHECK_FALSE(add);  // NOLINT(bugprone-use-after-move): that is what is tested
  CHECK(moved(1) == 2);
  moved = std::move(add_more);
  CHECK(moved(1) == 11);
  CHECK_FALSE(add_more);  // NOLINT(bugprone-use-after-move): that is what is tested
}

TEST_CASE("what a function holds ends once, with it or when it is replaced") {
  int ended = 0;
  const auto counts = [&] { return std::shared_ptr<void>{nullptr, [&](void*) { ++ended; }}; };
  {
    MoveOnlyFunction<void()> function{[held = counts()] {}};
    auto moved = std::move(function);
    CHECK(ended == 0);
    moved = nullptr;
    CHECK(ended == 1);
    moved = [held = counts(), room = std::array<char, 100>{}] { static_cast<void>(room); };
  }
  CHECK(ended == 2);
}

}  // namespace
}  // namespace pocketmq::protocol
