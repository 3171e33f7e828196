#include "broker/queue/message_line.hpp"

#include <deque>
#include <random>
#include <string>

#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

using broker::MessageLine;
using broker::QueuedMessage;
using broker::TimePoint;

QueuedMessage at_position(std::uint64_t position) {
  return {.message = {"", "q", {.body = std::to_string(position)}, std::nullopt}, .position = position};
}

TimePoint at_second(int n) { return TimePoint{std::chrono::seconds{n}}; }

}  // namespace

TEST_CASE("a line gives back its messages in their order") {
  MessageLine line;
  CHECK(line.empty());
  const std::uint64_t count = GENERATE(1, 511, 512, 513, 2'000);
  for (std::uint64_t i = 0; i < count; ++i) line.push_back(at_position(100 + i));
  for (std::uint64_t i = 0; i < count; ++i) {
    REQUIRE_FALSE(line.empty());
    REQUIRE(line.first_position() == 100 + i);
    const auto first = line.pop_front();
    REQUIRE(first.position == 100 + i);
    REQUIRE(first.message.body() == std::to_string(100 + i));
  }
  CHECK(line.empty());
}

TEST_CASE("a line keeps what is remarkable about a message") {
  MessageLine line;
  line.push_back(at_position(1));
  line.push_back(at_position(2));
  auto remarkable = at_position(7);
  remarkable.expires_at = at_second(3);
  remarkable.returns = 2;
  remarkable.redelivered = true;
  line.push_back(std::move(remarkable));
  line.push_back(at_position(8));
  for (const std::uint64_t plain : {1, 2}) {
    const auto message = line.pop_front();
    CHECK(message.position == plain);
    CHECK(message.expires_at == TimePoint::max());
    CHECK(message.returns == 0);
    CHECK_FALSE(message.redelivered);
  }
  CHECK(line.first_expires_at() == at_second(3));
  const auto message = line.pop_front();
  CHECK(message.position == 7);
  CHECK(message.returns == 2);
  CHECK(message.redelivered);
  CHECK(line.first_expires_at() == TimePoint::max());
  CHECK(line.pop_front().position == 8);
}

TEST_CASE("a line does what a deque does") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random{seed};
  const auto below = [&](int limit) { return std::uniform_int_distribution{0, limit - 1}(random); };
  MessageLine line;
  std::deque<QueuedMessage> model;
  std::uint64_t position = 0;
  for (int step = 0; step < 20'000; ++step) {
    const bool grows = step / 4'000 % 2 == 0;
    if (below(100) < (grows ? 60 : 40)) {
      position += below(10) == 0 ? 2 : 1;
      auto message = at_position(position);
      if (below(50) == 0) message.expires_at = at_second(below(100));
      if (below(50) == 0) message.redelivered = true;
      model.push_back(message);
      line.push_back(std::move(message));
    } else if (!model.empty()) {
      REQUIRE(line.first_expires_at() == model.front().expires_at);
      const auto first = line.pop_front();
      REQUIRE(first.position == model.front().position);
      REQUIRE(first.message.body() == model.front().message.body());
      REQUIRE(first.expires_at == model.front().expires_at);
      REQUIRE(first.redelivered == model.front().redelivered);
      model.pop_front();
    }
    REQUIRE(line.empty() == model.empty());
  }
}

}  // namespace pocketmq::tests
