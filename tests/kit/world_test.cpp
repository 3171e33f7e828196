// The World: one thread, one clock, one seed.
#include "tests/kit/world.hpp"

#include <string>
#include <vector>

#include "tests/support/catch.hpp"

namespace pocketmq::testkit {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using client::RpcCode;
using client::RpcError;
using client::Stream;

TEST_CASE("a call in a World is answered by a server in the same thread") {
  World world{1};
  auto& server = world.server();
  server.serve("twice", [](int n) { return 2 * n; });
  world.start(server);
  auto twice = world.client().procedure<int(int)>("twice");
  CHECK(world.run(twice.async(21, pending)) == 42);
  CHECK(world.elapsed() == 0s);
}

TEST_CASE("a coroutine in a World calls, reads a stream, and sleeps in virtual time") {
  World world{2};
  auto& server = world.server();
  server.serve("twice", [](int n) { return 2 * n; });
  server.serve("count", [](server::StreamWriter<int>& out, int n) {
    for (int i = 1; i <= n; ++i) out.write(i);
  });
  server.serve("slow", [&world](int n) -> asio::awaitable<int> {
    co_await world.sleep(10min);
    co_return n + 1;
  });
  world.start(server);
  auto& rpc = world.client();
  const auto twice = rpc.procedure<int(int)>("twice");
  const auto count = rpc.procedure<Stream<int>(int)>("count");
  const auto slow = rpc.procedure<int(int)>("slow", {.timeout = 1h});
  const auto program = [&]() -> asio::awaitable<int> {
    auto sum = co_await twice.async(1, asio::use_awaitable);
    auto numbers = count(3);
    while (const auto n = co_await numbers.async_next(asio::use_awaitable)) sum += *n;
    co_await world.sleep(48h);
    co_return co_await slow.async(sum, asio::use_awaitable);
  };
  CHECK(world.run(program(), 49h) == 9);
  CHECK(world.elapsed() == 48h + 10min);
}

}  // namespace
}  // namespace pocketmq::testkit
