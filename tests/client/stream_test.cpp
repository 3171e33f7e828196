// Streams over a broker, read in each style.
#include "client/stream.hpp"

#include <future>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

#include "client/rpc_client.hpp"
#include "tests/client/any_encoding.hpp"
#include "tests/client/link/hand_made_server.hpp"
#include "tests/support/broker_under_test.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::client {
namespace {

using namespace std::chrono_literals;

// Counts to the number that it is asked for.
void count(HandMadeServer& server, const Message& request) {
  const int end = std::stoi(request.body);
  for (int i = 0; i < end; ++i) server.send_element(request, i, std::to_string(i));
  server.send_end(request, end);
}

// Begins, and goes on when it is no use any more.
void count_one(HandMadeServer& server, const Message& request) { server.send_element(request, 0, "0"); }

struct StreamingServer {
  explicit StreamingServer(HandMadeServer::Answer answer) : server{url, "count", std::move(answer)}, rpc{url} {}

  tests::BrokerUnderTest broker;
  const std::string url{broker.url(any_encoding())};
  HandMadeServer server;
  RpcClient rpc;
};

TEST_CASE("a stream is passed through like a range") {
  StreamingServer world{count};
  auto numbers = world.rpc.procedure<Stream<int>(int)>("count");
  std::vector<int> read;
  for (const int n : numbers(5)) read.push_back(n);
  CHECK(read == std::vector{0, 1, 2, 3, 4});
  for (int n : numbers(0)) FAIL("there is no " << n);
}

TEST_CASE("a stream is read one by one, and at its end there is nothing more") {
  StreamingServer world{count};
  auto stream = world.rpc.procedure<Stream<int>(int)>("count")(2);
  CHECK(stream.next() == 0);
  CHECK(stream.next() == 1);
  CHECK_FALSE(stream.next());
  CHECK_FALSE(stream.next());
}

TEST_CASE("a stream is read in a coroutine and with futures") {
  StreamingServer world{count};
  auto numbers = world.rpc.procedure<Stream<int>(int)>("count");
  asio::io_context io;
  const auto sum = [&]() -> asio::awaitable<int> {
    auto stream = numbers(5);
    int total = 0;
    while (const auto n = co_await stream.async_next(asio::use_awaitable)) total += *n;
    co_return total;
  };
  auto result = asio::co_spawn(io, sum(), asio::use_future);
  io.run();
  CHECK(result.get() == 10);

  auto stream = numbers(1);
  CHECK(stream.async_next(asio::use_future).get() == 0);
  CHECK_FALSE(stream.async_next(asio::use_future).get());
}

TEST_CASE("a plain procedure may be called as a stream of one") {
  StreamingServer world{[](HandMadeServer& server, const Message& request) { server.reply(request, request.body); }};
  std::vector<int> read;
  for (const int n : world.rpc.procedure<Stream<int>(int)>("count")(7)) read.push_back(n);
  CHECK(read == std::vector{7});
}

TEST_CASE("a stream procedure that is called as a plain one says so, and is stopped") {
  StreamingServer world{count_one};
  auto plain = world.rpc.procedure<int(int)>("count", {.timeout = 1h});
  CHECK_THROWS_WITH(plain(5), "internal: 'count' is a stream procedure; call it as Stream<T>");
  CHECK(world.server.cancelled() == "1");
}

TEST_CASE("a stream that its reader lets go is stopped") {
  StreamingServer world{count_one};
  auto numbers = world.rpc.procedure<Stream<int>(int)>("count", {.timeout = 1h});
  for (const int n : numbers(5)) {
    CHECK(n == 0);
    break;
  }
  CHECK(world.server.cancelled() == "1");
}

TEST_CASE("a stream may be stopped by hand, and ends as cancelled after what has come") {
  StreamingServer world{count_one};
  auto stream = world.rpc.procedure<Stream<int>(int)>("count", {.timeout = 1h})(5);
  CHECK(stream.next() == 0);
  stream.cancel();
  CHECK_THROWS_WITH(stream.next(), "cancelled: the caller cancelled the call");
  CHECK(world.server.cancelled() == "1");
}

TEST_CASE("a stream that nobody reads is bounded") {
  StreamingServer world{count};
  auto stream = world.rpc.procedure<Stream<int>(int)>("count", {.unread_max = 3})(100);
  CHECK(world.server.cancelled() == "1");
  for (int i = 0; i < 3; ++i) CHECK(stream.next() == i);
  CHECK_THROWS_AS(stream.next(), RpcError);
}

TEST_CASE("an element that is none of its type is an error") {
  StreamingServer world{
      [](HandMadeServer& server, const Message& request) { server.send_element(request, 0, "\"x\""); }};
  auto stream = world.rpc.procedure<Stream<int>(int)>("count")(1);
  CHECK_THROWS_WITH(stream.next(),
                    "internal: the reply of 'count': expected an integer from -2147483648 to 2147483647, given \"x\"");
}

TEST_CASE("a stream ends when its client goes") {
  StreamingServer world{count_one};
  std::optional<RpcClient> rpc{std::in_place, world.url};
  auto stream = rpc->procedure<Stream<int>(int)>("count", {.timeout = 1h})(5);
  CHECK(stream.next() == 0);
  rpc.reset();
  CHECK_THROWS_WITH(stream.next(), "cancelled: the client object is gone");
}

}  // namespace
}  // namespace pocketmq::client
