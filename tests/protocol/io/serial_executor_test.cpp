// Tasks one after the other, whatever runs them.
#include "protocol/io/serial_executor.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <asio/dispatch.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>

#include "tests/support/catch.hpp"

namespace pocketmq::protocol {
namespace {

using namespace std::chrono_literals;

TEST_CASE("tasks run in order and not inside of post") {
  asio::io_context io;
  const auto serial = SerialExecutor::on(io.get_executor());
  std::string story;
  serial.post([&] {
    story += 'a';
    serial.post([&] { story += 'd'; });
    asio::dispatch(serial, [&] { story += 'b'; });  // at once: it runs here
    CHECK(serial.runs_here());
  });
  serial.post([&] { story += 'c'; });
  CHECK(story.empty());
  CHECK_FALSE(serial.runs_here());
  io.run();
  CHECK(story == "abcd");
}

TEST_CASE("tasks that come together cost one hand-over") {
  asio::io_context io;
  const auto serial = SerialExecutor::on(io.get_executor());
  int ran = 0;
  for (int i = 0; i < 100; ++i) serial.post([&] { ++ran; });
  CHECK(io.poll_one() == 1);
  CHECK(ran == 100);
  CHECK(io.poll() == 0);
}

TEST_CASE("tasks that go on without end leave room for others") {
  asio::io_context io;
  const auto serial = SerialExecutor::on(io.get_executor());
  bool other_ran = false;
  std::function<void()> again = [&] {
    if (!other_ran) serial.post(again);
  };
  serial.post(again);
  asio::post(io, [&] { other_ran = true; });
  io.run();
  CHECK(other_ran);
}

TEST_CASE("tasks of many threads never run at the same time") {
  asio::thread_pool pool{3};
  const auto serial = SerialExecutor::on(pool.get_executor());
  int ran = 0;  // unguarded
  constexpr int threads = 4, tasks = 5'000;
  {
    std::vector<std::thread> posting;
    for (int i = 0; i < threads; ++i)
      posting.emplace_back([&] {
        for (int n = 0; n < tasks; ++n) serial.post([&] { ++ran; });
      });
    for (auto& thread : posting) thread.join();
  }
  pool.join();
  CHECK(ran == threads * tasks);
}

TEST_CASE("what a task posts comes behind what another thread has posted before") {
  asio::io_context io;
  const auto serial = SerialExecutor::on(io.get_executor());
  std::string story;
  serial.post([&] {
    serial.post([&] { story += 'a'; });
    std::thread{[&] { serial.post([&] { story += 'b'; }); }}.join();
    serial.post([&] { story += 'c'; });
  });
  io.run();
  CHECK(story == "abc");
}

TEST_CASE("a task that throws does not keep the others from running") {
  asio::io_context io;
  const auto serial = SerialExecutor::on(io.get_executor());
  std::string story;
  serial.post([&] { story += 'a'; });
  serial.post([] { throw std::runtime_error{"no"}; });
  serial.post([&] { story += 'b'; });
  CHECK_THROWS_AS(io.run(), std::runtime_error);
  CHECK(story == "a");
  io.run();
  CHECK(story == "ab");
}

TEST_CASE("what a task has posted before it throws is run after what waited with it") {
  asio::io_context io;
  const auto serial = SerialExecutor::on(io.get_executor());
  std::string story;
  serial.post([&] {
    serial.post([&] { story += 'b'; });
    throw std::runtime_error{"no"};
  });
  serial.post([&] { story += 'a'; });
  CHECK_THROWS_AS(io.run(), std::runtime_error);
  serial.post([&] { story += 'c'; });
  io.restart();
  io.run();
  CHECK(story == "abc");
}

TEST_CASE("tasks are let go of with the executor that should have run them") {
  auto io = std::make_unique<asio::io_context>();
  const auto serial = SerialExecutor::on(io->get_executor());
  auto held = std::make_shared<int>();
  serial.post([held] {});
  serial.post([held] {});
  io.reset();
  CHECK(held.use_count() == 1);
}

TEST_CASE("timers may complete there") {
  asio::io_context io;
  const auto serial = SerialExecutor::on(io.get_executor());
  asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, SerialExecutor>
      typed{serial, 1ms};
  asio::steady_timer erased{serial, 1ms};
  int here = 0;
  const auto count = [&](std::error_code error) { here += !error && serial.runs_here() ? 1 : 0; };
  typed.async_wait(count);
  erased.async_wait(count);
  io.run();
  CHECK(here == 2);
}

}  // namespace
}  // namespace pocketmq::protocol
