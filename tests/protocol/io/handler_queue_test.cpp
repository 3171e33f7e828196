#include "protocol/io/handler_queue.hpp"

#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <asio/io_context.hpp>

#include "tests/support/catch.hpp"

namespace pocketmq::protocol {
namespace {

using Item = std::shared_ptr<int>;
using ItemQueue = HandlerQueue<Item>;

std::vector<Item> items(const std::vector<int>& values) {
  std::vector<Item> made;
  for (const int value : values) made.push_back(std::make_shared<int>(value));
  return made;
}

// A queue on a loop that the test runs.
struct QueueWorld {
  void push(const std::vector<int>& values) const { queue->push(items(values)); }

  asio::io_context loop;
  std::vector<int> handled;
  std::vector<std::size_t> sent;  // how many handlers ran when one was sent
  std::function<void(int)> while_handled;
  const std::shared_ptr<ItemQueue> queue{std::make_shared<ItemQueue>(
      loop.get_executor(), ItemQueue::Events{.handle =
                                                 [this](const Item& item) {
                                                   handled.push_back(*item);
                                                   if (while_handled) while_handled(*item);
                                                 },
                                             .sending = [this](std::size_t running) { sent.push_back(running); }})};
};

}  // namespace

TEST_CASE("items that wait are handled in order on the executor") {
  QueueWorld world;
  world.push({1, 2});
  world.push({3});
  CHECK(world.handled.empty());
  world.loop.run();
  CHECK(world.handled == std::vector{1, 2, 3});
}

TEST_CASE("a handler sends the next one before it handles an item, and none if nothing waits") {
  QueueWorld world;
  world.push({1, 2});
  CHECK(world.sent == std::vector<std::size_t>{0});
  world.while_handled = [&](int item) {
    if (item == 1) CHECK(world.sent == std::vector<std::size_t>{0, 1});
  };
  // The handler that was sent second finds nothing left.
  CHECK(world.loop.run() == 2);
  CHECK(world.handled == std::vector{1, 2});
  CHECK(world.sent == std::vector<std::size_t>{0, 1});
}

TEST_CASE("many items that come at once cost one handler on the way at a time") {
  QueueWorld world;
  for (int i = 0; i < 1'000; ++i) world.push({i});
  CHECK(world.sent.size() == 1);
  CHECK(world.loop.run() == 2);
  CHECK(world.handled.size() == 1'000);
}

TEST_CASE("an item that blocks does not hold up the next one where there is another thread") {
  asio::io_context loop;
  std::latch both{2};
  std::atomic<int> handled{0};
  const auto queue = std::make_shared<ItemQueue>(loop.get_executor(), ItemQueue::Events{.handle =
                                                                                            [&](const Item&) {
                                                                                              both.arrive_and_wait();
                                                                                              ++handled;
                                                                                            },
                                                                                        .sending = [](std::size_t) {}});
  queue->push(items({1, 2}));
  std::thread other{[&] { loop.run(); }};
  loop.run();
  other.join();
  CHECK(handled == 2);
}

TEST_CASE("a closed queue handles nothing more, and keeps what waits until it is cleared") {
  QueueWorld world;
  const auto waiting = std::make_shared<int>(2);
  world.queue->push({std::make_shared<int>(1), waiting});
  world.while_handled = [&](int) { world.queue->close(); };
  world.loop.run();
  CHECK(world.handled == std::vector{1});
  CHECK(waiting.use_count() == 2);
  world.queue->clear();
  CHECK(waiting.use_count() == 1);

  const auto late = std::make_shared<int>(3);
  world.queue->push({late});
  CHECK(late.use_count() == 1);
  CHECK(world.sent.size() == 2);
}

TEST_CASE("items end before their handler is done, and whoever closes a queue can wait for that") {
  QueueWorld world;
  auto item = std::make_shared<int>(1);
  const std::weak_ptr<int> weak{item};
  world.queue->push({std::exchange(item, nullptr)});
  std::thread runs{[&] { world.loop.run(); }};
  runs.join();
  world.queue->close();
  world.queue->wait_until_none_runs();
  CHECK(weak.expired());
}

TEST_CASE("an executor that goes without running its handler lets go of all that waits") {
  const auto item = std::make_shared<int>(1);
  std::shared_ptr<ItemQueue> queue;
  {
    asio::io_context loop;
    queue = std::make_shared<ItemQueue>(loop.get_executor(),
                                        ItemQueue::Events{.handle = [](const Item&) {}, .sending = [](std::size_t) {}});
    queue->push({item, item});
    CHECK(item.use_count() == 3);
  }
  CHECK(item.use_count() == 1);
  queue->close();
  queue->wait_until_none_runs();
}

}  // namespace pocketmq::protocol
