#include "broker/queue/ready_messages.hpp"

#include <map>
#include <random>

#include "broker/core/memory.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

broker::QueuedMessage waiting_at(std::uint64_t position, std::uint8_t priority = 0) {
  const auto body = std::to_string(position);
  return {.message = {"", "q", {.body = body}, std::nullopt}, .position = position, .priority = priority};
}

std::string bodies_of(broker::ReadyMessages& messages) {
  std::string bodies;
  while (!messages.empty()) bodies += std::string{messages.pop_front().message.body()} + " ";
  return bodies;
}

}  // namespace

TEST_CASE("ready messages leave in the order in which they came") {
  broker::Memory memory{1'000'000};
  broker::ReadyMessages messages{memory};
  for (std::uint64_t i = 1; i <= 5; ++i) messages.append(waiting_at(i));
  CHECK(messages.size() == 5);
  CHECK(messages.bytes() == 5);
  CHECK(messages.front().position == 1);
  CHECK(bodies_of(messages) == "1 2 3 4 5 ");
  CHECK(messages.bytes() == 0);
}

TEST_CASE("ready messages that were put back come first by position") {
  broker::Memory memory{1'000'000};
  broker::ReadyMessages messages{memory};
  messages.append(waiting_at(5));
  messages.put_back(waiting_at(3));
  messages.put_back(waiting_at(1));
  messages.append(waiting_at(6));
  messages.put_back(waiting_at(4));
  CHECK(bodies_of(messages) == "1 3 4 5 6 ");
}

TEST_CASE("ready messages of a higher priority come first whether new or put back") {
  broker::Memory memory{1'000'000};
  broker::ReadyMessages messages{memory};
  messages.append(waiting_at(4));
  messages.put_back(waiting_at(1));
  messages.append(waiting_at(5, 9));
  messages.put_back(waiting_at(2, 3));
  messages.append(waiting_at(6, 3));
  CHECK(bodies_of(messages) == "5 2 6 1 4 ");
}

TEST_CASE("each priority that has messages is charged but the lowest one") {
  broker::Memory memory{1'000'000};
  broker::ReadyMessages messages{memory};
  messages.append(waiting_at(1));
  CHECK(memory.used() == 0);
  messages.append(waiting_at(2, 1));
  const auto one = memory.used();
  CHECK(one >= 150);
  messages.append(waiting_at(3, 1));
  CHECK(memory.used() == one);
  messages.put_back(waiting_at(4, 9));
  CHECK(memory.used() == 2 * one);
  auto moved = std::move(messages);
  CHECK(moved.pop_front().position == 4);
  CHECK(memory.used() == one);
  CHECK(bodies_of(moved) == "2 3 1 ");
  CHECK(memory.used() == 0);
}

TEST_CASE("ready messages do what a sorted map does") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random{seed};
  const auto below = [&](std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>{0, limit - 1}(random);
  };
  broker::Memory memory{1'000'000};
  broker::ReadyMessages messages{memory};
  std::map<std::pair<int, std::uint64_t>, bool> model;  // by falling priority and position
  std::vector<broker::QueuedMessage> taken;
  std::uint64_t position = 1;
  for (int i = 0; i < 20'000; ++i) {
    const auto choice = below(5);
    if (choice < 2) {
      const auto priority = static_cast<std::uint8_t>(below(4));
      model.emplace(std::pair{-priority, position}, true);
      messages.append(waiting_at(position++, priority));
    } else if (choice < 4 && !messages.empty()) {
      taken.push_back(messages.pop_front());
      REQUIRE(taken.back().position == model.begin()->first.second);
      model.erase(model.begin());
    } else if (!taken.empty()) {
      std::swap(taken[below(taken.size())], taken.back());
      model.emplace(std::pair{-taken.back().priority, taken.back().position}, true);
      messages.put_back(std::move(taken.back()));
      taken.pop_back();
    }
    REQUIRE(messages.size() == model.size());
  }
}

}  // namespace pocketmq::tests
