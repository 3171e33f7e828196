// Clients, servers and their broker in one process, over pipes: on one thread, and on several.
#include "broker/in_process.hpp"

#include <future>
#include <optional>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include "broker/embedded.hpp"
#include "broker/inspect.hpp"
#include "client/connection.hpp"
#include "client/rpc_client.hpp"
#include "server/rpc_server.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::server {
namespace {

using namespace std::chrono_literals;
using asio::use_future;
using client::Bytes;
using client::RpcClient;
using client::RpcCode;
using client::RpcError;
using protocol::Encoding;

// All of it on the thread of the test.
struct OneThread {
  explicit OneThread(Encoding encoding = GENERATE(Encoding::amqp, Encoding::json), std::uint16_t prefetch = 10)
      : pipe{broker->pipe(encoding)},
        server{std::in_place, context.get_executor(), pipe,
               RpcServerOptions{.prefetch = prefetch, .executor = context.get_executor()}},
        rpc{std::in_place, context.get_executor(), pipe,
            client::RpcClientOptions{.reconnect = {.backoff_min = 1ms, .backoff_max = 1ms}, .connection_wait = 20ms}} {
    server->serve("echo", [](Bytes bytes) { return bytes; });
    server->serve("twice", [](int n) { return 2 * n; });
  }
  // As a program would: they say goodbye, and the loop runs until nothing is left to do.
  // NOLINTNEXTLINE(bugprone-exception-escape): it would be a fault of what is tested
  ~OneThread() {
    rpc.reset();
    server.reset();
    context.restart();
    context.poll();
  }

  // Both are open when `next` is called.
  void opens_and(std::function<void()> next) {
    server->async_start([this, next = std::move(next)](std::error_code error) {
      REQUIRE_FALSE(error);
      rpc->async_open([next](std::error_code failed) {
        REQUIRE_FALSE(failed);
        next();
      });
    });
  }
  // Runs the loop until somebody stops it.
  void runs() {
    context.restart();
    context.run_for(30s);
    CHECK(context.stopped());
  }

  asio::io_context context{1};
  std::optional<broker::InProcess> broker{std::in_place, context};
  protocol::Url pipe;
  std::optional<RpcServer> server;
  std::optional<RpcClient> rpc;
};

RpcError rpc_error_of(const std::exception_ptr& thrown) {
  try {
    if (thrown) std::rethrow_exception(thrown);
  } catch (const RpcError& error) {
    return error;
  }
  return {RpcCode::internal, "nothing was thrown"};
}

}  // namespace

TEST_CASE("client server and broker may share a thread and need no socket", "[own broker]") {
  OneThread world;
  int answer = 0;
  world.opens_and([&] {
    world.rpc->procedure<int(int)>("twice").async(21, [&](const std::exception_ptr&, int n) {
      answer = n;
      world.context.stop();
    });
  });
  world.runs();
  CHECK(answer == 42);
}

TEST_CASE("a client and a server may share an executor and hand nothing over", "[own broker]") {
  asio::io_context context{1};
  broker::InProcess broker{context};
  RpcClient rpc{context.get_executor(), broker.pipe()};
  RpcServer server{rpc.executor(), broker.pipe(), {.prefetch = 10, .executor = rpc.executor()}};
  server.serve("twice", [](int n) { return 2 * n; });
  constexpr int calls = 100;
  int right = 0, done = 0;
  server.async_start([&](std::error_code error) {
    REQUIRE_FALSE(error);
    rpc.async_open([&](std::error_code failed) {
      REQUIRE_FALSE(failed);
      const auto twice = rpc.procedure<int(int)>("twice");
      for (int i = 0; i < calls; ++i)
        twice.async(i, [&, i](const std::exception_ptr&, int n) {
          right += n == 2 * i ? 1 : 0;
          if (++done == calls) context.stop();
        });
    });
  });
  context.run_for(30s);
  CHECK(right == calls);
}

TEST_CASE("bodies that are larger than a pipe go through it in pieces", "[own broker]") {
  OneThread world;
  constexpr int calls = 5;
  const std::string large(1'000'000, 'x');
  int right = 0, done = 0;
  world.opens_and([&] {
    const auto echo = world.rpc->procedure<Bytes(Bytes)>("echo");
    for (int i = 0; i < calls; ++i)
      echo.async(Bytes{large + std::to_string(i)}, [&, i](const std::exception_ptr&, const Bytes& bytes) {
        right += bytes.data == large + std::to_string(i) ? 1 : 0;
        if (++done == calls) world.context.stop();
      });
  });
  world.runs();
  CHECK(right == calls);
}

TEST_CASE("calls of one thread are answered each once", "[own broker]") {
  OneThread world;
  constexpr int calls = 1'000;
  std::vector<int> answers(calls, 0);
  int done = 0;
  world.opens_and([&] {
    const auto twice = world.rpc->procedure<int(int)>("twice");
    for (int i = 0; i < calls; ++i)
      twice.async(i, [&, i](const std::exception_ptr&, int n) {
        answers[static_cast<std::size_t>(i)] += n == 2 * i ? 1 : 0;
        if (++done == calls) world.context.stop();
      });
  });
  world.runs();
  CHECK(answers == std::vector<int>(calls, 1));
}

TEST_CASE("calls under way are lost with the broker at the pipe", "[own broker]") {
  OneThread world;
  std::vector<std::string> reasons;
  const auto record = [&](const std::exception_ptr& thrown, int) {
    reasons.push_back(rpc_error_of(thrown).reason());
    world.rpc->procedure<int(int)>("twice").async(2, [&](const std::exception_ptr& later, int) {
      reasons.push_back(rpc_error_of(later).reason());
      world.context.stop();
    });
  };
  world.opens_and([&] {
    world.rpc->procedure<int(int)>("idle", {.declare = client::QueueOptions{}}).async(1, record);
    world.rpc->procedure<int(int)>("twice").async(1, [&](const std::exception_ptr&, int) { world.broker.reset(); });
  });
  world.runs();
  CHECK(reasons == std::vector(2, std::string{client::reason::connection_lost}));
}

TEST_CASE("a client that goes leaves the broker's other end of the pipe closed", "[own broker]") {
  OneThread world;
  bool cancelled = false;
  world.opens_and([&] {
    CHECK(world.broker->broker().connection_count() == 2);
    world.rpc->procedure<int(int)>("idle", {.declare = client::QueueOptions{}})
        .async(1, [&](const std::exception_ptr& thrown, int) {
          cancelled = rpc_error_of(thrown).code() == RpcCode::cancelled;
        });
    world.rpc.reset();
  });
  for (int turns = 0; turns < 1'000 && (!cancelled || world.broker->broker().connection_count() > 1); ++turns)
    world.context.run_one_for(1s);
  CHECK(cancelled);
  CHECK(world.broker->broker().connection_count() == 1);
}

TEST_CASE("nobody is at the pipe of a broker that is gone", "[own broker]") {
  asio::io_context context{1};
  std::optional<broker::InProcess> broker{std::in_place, context};
  const auto pipe = broker->pipe();
  broker.reset();
  client::Connection connection{context.get_executor(), pipe};
  std::error_code error;
  connection.async_open([&](std::error_code refused) { error = refused; });
  context.run();
  CHECK(error == asio::error::connection_refused);
}

TEST_CASE("a loop that goes takes along what is at its pipes", "[own broker]") {
  auto world = std::make_unique<OneThread>(Encoding::amqp);
  bool has_failed = false;
  world->opens_and([&] {
    world->rpc->procedure<int(int)>("idle", {.declare = client::QueueOptions{}})
        .async(1, [&](const std::exception_ptr& thrown, int) { has_failed = thrown != nullptr; });
    world->context.stop();
  });
  world->runs();
  world.reset();
  CHECK(has_failed);
}

TEST_CASE("an embedded broker has a pipe too, for clients on threads of their own", "[own broker]") {
  const auto encoding = GENERATE(Encoding::amqp, Encoding::json);
  broker::Embedded broker;
  RpcServer server{broker.pipe(encoding), {.prefetch = 10}};
  server.serve("echo", [](Bytes bytes) { return bytes; });
  server.start();
  RpcClient rpc{broker.pipe(encoding)};
  const auto echo = rpc.procedure<Bytes(Bytes)>("echo");
  CHECK(echo(Bytes{"hello"}).data == "hello");
  const std::string large(1'000'000, 'x');
  std::vector<std::future<Bytes>> calls;
  for (int i = 0; i < 20; ++i) calls.push_back(echo.async(Bytes{large + std::to_string(i)}, use_future));
  for (int i = 0; i < 20; ++i) CHECK(calls[static_cast<std::size_t>(i)].get().data == large + std::to_string(i));
}

TEST_CASE("an embedded broker that goes takes its pipes along", "[own broker]") {
  std::optional<broker::Embedded> broker{std::in_place};
  RpcClient rpc{broker->pipe(), {.connection_wait = 20ms}};
  const auto idle = rpc.procedure<int(int)>("idle", {.declare = client::QueueOptions{}});
  auto under_way = idle.async(1, use_future);
  broker.reset();
  CHECK_THROWS_AS(under_way.get(), RpcError);
  CHECK_THROWS_AS(idle(2), RpcError);
}

TEST_CASE("a connection may be over a pipe", "[own broker]") {
  broker::Embedded broker;
  client::Connection connection{broker.pipe()};
  auto channel = connection.open_channel(use_future).get();
  const auto queue = channel.declare_queue("", {.exclusive = true}, use_future).get();
  channel.publish({.routing_key = queue.name}, {.body = "hello"});
  const auto got = channel.get(queue.name, true, use_future).get();
  REQUIRE(got);
  CHECK(got->message.body == "hello");
}

}  // namespace pocketmq::server
