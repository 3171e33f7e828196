// Streams against a broker.
#include <future>
#include <thread>

#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include "client/rpc_client.hpp"
#include "server/rpc_server.hpp"
#include "tests/server/plain_caller.hpp"
#include "tests/support/broker_under_test.hpp"

namespace pocketmq::server {
namespace {

using namespace std::chrono_literals;
using client::any_encoding;
using client::RpcCode;
using client::RpcError;

std::optional<std::int64_t> seq_of(const client::Message& reply) {
  return reply.properties.headers ? reply.properties.headers->integer("x-rpc-seq") : std::nullopt;
}
bool is_end(const client::Message& reply) {
  return reply.properties.headers && reply.properties.headers->boolean("x-rpc-end") == true;
}

TEST_CASE("a stream's elements come in order, and then its end") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  RpcServer server{url};
  server.serve("count", [](StreamWriter<int>& numbers, int n) {
    for (int i = 0; i < n; ++i) numbers.write(i);
  });
  server.serve("co_count", [](StreamWriter<int>& numbers, int n) -> asio::awaitable<void> {
    for (int i = 0; i < n; ++i) co_await numbers.async_write(i, asio::use_awaitable);
  });
  server.start();
  PlainCaller caller{url};
  for (const auto* procedure : {"count", "co_count"}) {
    caller.sends_and_wants_reply(procedure, "200", "id");
    for (int i = 0; i < 200; ++i) {
      const auto element = caller.receives();
      REQUIRE(element.body == std::to_string(i));
      CHECK(element.properties.correlation_id == "id");
      CHECK(seq_of(element) == i);
      CHECK_FALSE(is_end(element));
    }
    const auto end = caller.receives();
    CHECK(end.body.empty());
    CHECK(seq_of(end) == 200);
    CHECK(is_end(end));
  }
}

TEST_CASE("a stream that fails says so at its end") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  RpcServer server{url};
  server.serve("fail", [](StreamWriter<int>& numbers) {
    numbers.write(1);
    throw RpcError{RpcCode::not_found, "no two"};
  });
  server.start();
  PlainCaller caller{url};
  caller.sends_and_wants_reply("fail", "", "id");
  CHECK(caller.receives().body == "1");
  const auto end = caller.receives();
  CHECK(end.body == R"({"code":"not_found","message":"no two"})");
  CHECK(end.properties.type == "rpc.error");
  CHECK(seq_of(end) == 1);
  CHECK(is_end(end));
}

TEST_CASE("a stream without end ends when its reader cancels it, or goes") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  std::promise<RpcError> ended;
  RpcServer server{url};
  server.serve("count", [&](StreamWriter<int>& numbers) {
    try {
      for (int i = 0;; ++i) {
        numbers.write(i);
        std::this_thread::yield();
      }
    } catch (const RpcError& error) {
      ended.set_value(error);
      throw;
    }
  });
  server.serve("co_count", [&](StreamWriter<int>& numbers) -> asio::awaitable<void> {
    try {
      for (int i = 0;; ++i) co_await numbers.async_write(i, asio::use_awaitable);
    } catch (const std::exception& error) {
      ended.set_value({RpcCode::cancelled, error.what()});
      throw;
    }
  });
  server.start();
  const auto* procedure = GENERATE("count", "co_count");
  const bool cancels = GENERATE(true, false);
  {
    PlainCaller caller{url};
    caller.sends_and_wants_reply(procedure, "", "id");
    caller.receives();
    if (cancels) {
      caller.cancels("id");
      CHECK(ended.get_future().get().code() == RpcCode::cancelled);
    }
  }
  if (!cancels) CHECK(ended.get_future().get().code() == RpcCode::cancelled);
}

TEST_CASE("our client reads a stream, and stops its handler by reading no more") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  std::promise<void> stopped;
  RpcServer server{url};
  server.serve("count", [](StreamWriter<int>& numbers, int n) {
    for (int i = 0; i < n; ++i) numbers.write(i);
  });
  server.serve("ticks", [&](Context& context, StreamWriter<int>& ticks) -> asio::awaitable<void> {
    co_await ticks.async_write(1, asio::use_awaitable);
    asio::steady_timer timer{context.executor(), 1h};
    std::error_code error;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (context.is_cancelled()) stopped.set_value();
  });
  server.start();
  client::RpcClient rpc{url};
  std::vector<int> numbers;
  for (const int number : rpc.procedure<client::Stream<int>(int)>("count")(3)) numbers.push_back(number);
  CHECK(numbers == std::vector{0, 1, 2});
  CHECK(rpc.procedure<client::Stream<int>()>("ticks")().next() == 1);
  stopped.get_future().get();
}

}  // namespace
}  // namespace pocketmq::server
