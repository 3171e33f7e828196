#include "protocol/io/flush_scheduler.hpp"

#include <asio/io_context.hpp>

#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

using LoopFlushes = protocol::FlushScheduler<asio::io_context::executor_type>;

// Counts how often it was flushed.
class Counter final : public protocol::Flushable {
 public:
  explicit Counter(std::function<void()> then = {}) : then_{std::move(then)} {}

  [[nodiscard]] int count() const { return count_; }

 private:
  void flush(protocol::TimePoint) override {
    ++count_;
    if (then_) then_();
  }

  const std::function<void()> then_;
  int count_{0};
};

}  // namespace

TEST_CASE("what is asked for in a turn is done by one handler at its end") {
  asio::io_context loop;
  LoopFlushes flushes{loop.get_executor()};
  int ends = 0;
  flushes.after_flushes([&] { ++ends; });
  const auto a = std::make_shared<Counter>(), b = std::make_shared<Counter>();
  flushes.request(a);
  flushes.request(b);
  CHECK(a->count() == 0);
  CHECK(loop.run() == 1);
  CHECK(a->count() == 1);
  CHECK(b->count() == 1);
  CHECK(ends == 1);
}

TEST_CASE("what a flush asks for is done in the next turn") {
  asio::io_context loop;
  LoopFlushes flushes{loop.get_executor()};
  const auto second = std::make_shared<Counter>();
  flushes.request(std::make_shared<Counter>([&] { flushes.request(second); }));
  CHECK(loop.run_one() == 1);
  CHECK(second->count() == 0);
  CHECK(loop.run_one() == 1);
  CHECK(second->count() == 1);
}

TEST_CASE("very many flushes let other handlers in and each is done once") {
  asio::io_context loop;
  LoopFlushes flushes{loop.get_executor()};
  int ends = 0;
  flushes.after_flushes([&] { ++ends; });
  std::vector<std::shared_ptr<Counter>> counters;
  const auto flushed = [&] {
    return std::ranges::count_if(counters, [](const auto& counter) { return counter->count() == 1; });
  };
  for (std::size_t i = 0; i < 2 * LoopFlushes::flushes_max + 1; ++i)
    flushes.request(counters.emplace_back(std::make_shared<Counter>()));
  std::ptrdiff_t flushed_before_another = 0;
  asio::post(loop, [&] {
    flushed_before_another = flushed();
    flushes.request(counters.emplace_back(std::make_shared<Counter>()));
  });
  loop.run();
  CHECK(flushed_before_another == LoopFlushes::flushes_max);
  CHECK(flushed() == 2 * LoopFlushes::flushes_max + 2);
  CHECK(ends == 4);
}

TEST_CASE("what a loop that ends has not flushed is let go of") {
  const auto counter = std::make_shared<Counter>();
  {
    asio::io_context loop;
    LoopFlushes flushes{loop.get_executor()};
    for (std::size_t i = 0; i < 2 * LoopFlushes::flushes_max; ++i) flushes.request(counter);
    loop.run_one();
  }
  CHECK(counter->count() == LoopFlushes::flushes_max);
  CHECK(counter.use_count() == 1);
}

}  // namespace pocketmq::tests
