// The client against a broker, and where a server is wanted, ours.
#include "client/rpc_client.hpp"

#include <future>
#include <thread>
#include <vector>

#include <asio/bind_executor.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

#include "broker/embedded.hpp"
#include "client/connection.hpp"
#include "server/rpc_server.hpp"
#include "tests/client/any_encoding.hpp"
#include "tests/support/broker_under_test.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::client {
namespace {

using namespace std::chrono_literals;
using asio::use_future;
using server::RpcServer;

int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

// The error that a call fails with.
template <class Call> RpcError error_of(Call&& call) {
  try {
    call();
  } catch (const RpcError& error) {
    return error;
  }
  return {RpcCode::unknown, "it did not fail"};
}

struct FibWorld {
  explicit FibWorld(protocol::Encoding with = any_encoding()) : encoding{with} {
    server.serve("fib", [](int n) { return fib(n); });
    server.start();
  }
  const protocol::Encoding encoding;
  tests::BrokerUnderTest broker;
  RpcServer server{broker.url(encoding)};
};

TEST_CASE("a procedure is called like a function") {
  FibWorld world;
  RpcClient rpc{world.broker.url(world.encoding)};
  auto remote_fib = rpc.procedure<int(int)>("fib", {.timeout = 10s});
  CHECK(remote_fib(10) == 55);
  CHECK(remote_fib(20) == 6'765);
}

TEST_CASE("a procedure is called with a callback, a future and in a coroutine") {
  FibWorld world;
  RpcClient rpc{world.broker.url(world.encoding)};
  auto remote_fib = rpc.procedure<int(int)>("fib");

  std::promise<int> called_back;
  remote_fib.async(10, [&](const std::exception_ptr& error, int n) { called_back.set_value(error ? -1 : n); });
  CHECK(called_back.get_future().get() == 55);

  auto first = remote_fib.async(11, use_future);
  auto second = remote_fib.async(12, use_future);
  CHECK(second.get() == 144);
  CHECK(first.get() == 89);

  asio::io_context io;
  auto result = asio::co_spawn(
      io, [&]() -> asio::awaitable<int> { co_return co_await remote_fib.async(13, asio::use_awaitable); }, use_future);
  io.run();
  CHECK(result.get() == 233);
}

TEST_CASE("a procedure without a result tells its caller whether it failed") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  RpcServer server{url};
  server.serve("log", [](const std::string& line) {
    if (line.empty()) throw RpcError{RpcCode::invalid_argument, "an empty line"};
  });
  server.start();
  RpcClient rpc{url};
  auto log = rpc.procedure<void(std::string)>("log");
  CHECK_NOTHROW(log("one"));
  CHECK(error_of([&] { log(""); }).code() == RpcCode::invalid_argument);
  CHECK_NOTHROW(log.async("two", use_future).get());
  CHECK(error_of([&] { log.async("", use_future).get(); }).code() == RpcCode::invalid_argument);
}

TEST_CASE("a client may be replaced by another one, and its calls end then") {
  FibWorld world;
  RpcClient rpc{world.broker.url(world.encoding)};
  auto of_first = rpc.procedure<int(int)>("fib");
  CHECK(of_first(10) == 55);
  rpc = RpcClient{world.broker.url(world.encoding)};
  CHECK(error_of([&] { of_first(10); }).code() == RpcCode::cancelled);
  auto& same = rpc;
  rpc = std::move(same);
  CHECK(rpc.procedure<int(int)>("fib")(10) == 55);
}

TEST_CASE("a client may run on the caller's executor, without a thread") {
  FibWorld world;
  asio::io_context io;
  RpcClient rpc{io.get_executor(), world.broker.url(world.encoding)};
  auto remote_fib = rpc.procedure<int(int)>("fib");
  int answer = 0;
  bool refused = false;
  rpc.async_open([&](std::error_code error) {
    REQUIRE_FALSE(error);
    try {
      remote_fib(10);
    } catch (const std::system_error& would_block) {
      refused = would_block.code() == std::errc::resource_deadlock_would_occur;
    }
    remote_fib.async(10, [&](const std::exception_ptr&, int n) {
      answer = n;
      io.stop();
    });
  });
  io.run();
  CHECK(answer == 55);
  CHECK(refused);
}

TEST_CASE("a call that is made before its client is opened waits for that") {
  FibWorld world;
  asio::io_context io;
  RpcClient rpc{io.get_executor(), world.broker.url(world.encoding)};
  const auto finish = [&](const std::exception_ptr& error, int n) {
    CHECK_FALSE(error);
    CHECK(n == 55);
    io.stop();
  };
  rpc.procedure<int(int)>("fib").async(10, finish);
  rpc.async_open([](std::error_code error) { CHECK_FALSE(error); });
  io.run();
}

TEST_CASE("a client that is never opened fails its calls in time") {
  asio::io_context io;
  RpcClient rpc{io.get_executor(), "amqp://localhost:1/", {.connection_wait = 1ms}};
  std::string reason;
  rpc.procedure<int(int)>("fib").async(10, [&](const std::exception_ptr& error, int) {
    reason = error_of([&] { std::rethrow_exception(error); }).reason();
    io.stop();
  });
  io.run();
  CHECK(reason == reason::connection_lost);
}

TEST_CASE("a blocking call on the client's own thread is refused") {
  FibWorld world;
  RpcClient rpc{world.broker.url(world.encoding)};
  auto remote_fib = rpc.procedure<int(int)>("fib");
  std::promise<std::error_code> refused;
  remote_fib.async(1, [&](const std::exception_ptr&, int) {
    try {
      remote_fib(1);
    } catch (const std::system_error& error) {
      refused.set_value(error.code());
    }
  });
  CHECK(refused.get_future().get() == std::errc::resource_deadlock_would_occur);
}

TEST_CASE("many calls from many threads share one callback queue") {
  FibWorld world;
  RpcClient rpc{world.broker.url(world.encoding)};
  auto remote_fib = rpc.procedure<int(int)>("fib");
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      std::vector<std::future<int>> calls;
      for (int i = 0; i < 50; ++i) calls.push_back(remote_fib.async((t + i) % 15, use_future));
      for (int i = 0; i < 50; ++i)
        if (calls[static_cast<std::size_t>(i)].get() != fib((t + i) % 15)) ++wrong;
    });
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(rpc.dropped_replies() == 0);
}

TEST_CASE("a procedure without a server fails in one round trip") {
  tests::BrokerUnderTest broker;
  RpcClient rpc{broker.url(any_encoding())};
  auto nobody = rpc.procedure<int(int)>("nobody", {.timeout = 1h});
  const auto error = error_of([&] { nobody(1); });
  CHECK(error.code() == RpcCode::unavailable);
  CHECK(error.reason() == reason::no_queue);
}

TEST_CASE("a call that takes too long fails, and its reply is nobody's") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  std::promise<void> finish;
  RpcServer server{url};
  server.serve("slow", [&, first = true](int n) mutable {
    if (std::exchange(first, false)) finish.get_future().wait();
    return n;
  });
  server.start();
  RpcClient rpc{url};
  auto slow = rpc.procedure<int(int)>("slow", {.timeout = 20ms});
  CHECK(error_of([&] { slow(1); }).code() == RpcCode::deadline_exceeded);
  finish.set_value();
  auto patient = rpc.procedure<int(int)>("slow");
  CHECK(patient(2) == 2);
  CHECK(rpc.dropped_replies() <= 1);  // none if the server heard in time that nobody waits
}

TEST_CASE("a client may start before its server if it declares the queue") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  const auto options = GENERATE(QueueOptions{}, QueueOptions::quorum());
  RpcClient rpc{url};
  auto early = rpc.procedure<int(int)>("fib", {.declare = options}).async(10, use_future);
  RpcServer server{url};
  server.serve("fib", fib, {.queue = options});
  server.start();
  CHECK(early.get() == 55);
}

TEST_CASE("a queue that is declared otherwise is a failed precondition, and the client lives on") {
  FibWorld world;
  RpcClient rpc{world.broker.url(world.encoding)};
  auto other = rpc.procedure<int(int)>("fib", {.declare = QueueOptions::quorum()});
  const auto error = error_of([&] { other(1); });
  CHECK(error.code() == RpcCode::failed_precondition);
  CHECK_THAT(error.message(), Catch::Contains("'fib'"));
  auto remote_fib = rpc.procedure<int(int)>("fib", {.declare = QueueOptions::use_existing()});
  CHECK(remote_fib(10) == 55);
  auto missing = rpc.procedure<int(int)>("missing", {.declare = QueueOptions::use_existing()});
  CHECK(error_of([&] { missing(1); }).reason() == reason::no_queue);
}

TEST_CASE("calls under way are cancelled when their client goes, on their own executors too") {
  tests::BrokerUnderTest broker;
  asio::io_context io;
  int cancelled = 0;
  std::future<int> future;
  std::optional<Procedure<int(int)>> left;
  {
    RpcClient rpc{broker.url(any_encoding())};
    auto never = rpc.procedure<int(int)>("never", {.declare = QueueOptions{}});
    future = never.async(1, use_future);
    never.async(2,
                asio::bind_executor(io, [&](const std::exception_ptr& error, int) { cancelled += error != nullptr; }));
    left = never;
  }
  CHECK(error_of([&] { future.get(); }).code() == RpcCode::cancelled);
  io.run();
  CHECK(cancelled == 1);
  CHECK(error_of([&] { (*left)(3); }).code() == RpcCode::cancelled);
  CHECK(error_of([&] { left->async(3, use_future).get(); }).code() == RpcCode::cancelled);
}

TEST_CASE("calls under way are lost with their broker", "[own broker]") {
  const auto encoding = any_encoding();
  std::optional<broker::Embedded> broker{std::in_place};
  RpcClient rpc{broker->url(encoding), {.connection_wait = 20ms}};
  auto never = rpc.procedure<int(int)>("never", {.declare = QueueOptions{}});
  auto call = never.async(1, use_future);
  broker.reset();
  const auto error = error_of([&] { call.get(); });
  CHECK(error.code() == RpcCode::unavailable);
  CHECK(error.reason() == reason::connection_lost);
}

TEST_CASE("a client goes on with the next of its brokers", "[own broker]") {
  const auto encoding = any_encoding();
  FibWorld next{encoding};
  std::optional<FibWorld> first{std::in_place, encoding};
  RpcClient rpc{Urls{first->broker.url(first->encoding), next.broker.url(next.encoding)}};
  auto remote_fib = rpc.procedure<int(int)>("fib", {.timeout = 10s, .idempotent = true});
  CHECK(remote_fib(10) == 55);
  first.reset();
  CHECK(remote_fib(20) == 6'765);
}

TEST_CASE("a call under way goes on with the next broker if it may be sent again", "[own broker]") {
  const auto encoding = any_encoding();
  std::optional<broker::Embedded> silent{std::in_place};
  broker::Embedded other;
  RpcServer server{other.url(encoding)};
  server.serve("fib", fib);
  server.start();
  RpcClient rpc{Urls{silent->url(encoding), other.url(encoding)}};
  auto once = rpc.procedure<int(int)>("fib", {.declare = QueueOptions{}});
  auto again = rpc.procedure<int(int)>("fib", {.timeout = 10s, .declare = QueueOptions{}, .idempotent = true});
  auto sent = again.async(10, use_future);
  CHECK(error_of([&] { rpc.procedure<int(int)>("nobody")(1); }).reason() == reason::no_queue);  // it is on its way
  auto lost = once.async(10, use_future);
  CHECK(error_of([&] { rpc.procedure<int(int)>("nobody")(1); }).reason() == reason::no_queue);
  silent.reset();
  CHECK(error_of([&] { lost.get(); }).reason() == reason::connection_lost);
  CHECK(sent.get() == 55);
}

TEST_CASE("a call without a connection fails when it has waited for one", "[own broker]") {
  const auto encoding = any_encoding();
  std::optional<broker::Embedded> broker{std::in_place};
  RpcClient rpc{broker->url(encoding), {.connection_wait = 20ms}};
  broker.reset();
  const auto error = error_of([&] { rpc.procedure<int(int)>("fib")(1); });
  CHECK(error.code() == RpcCode::unavailable);
  CHECK(error.reason() == reason::connection_lost);
}

TEST_CASE("with the broker down a call of any time-out is unavailable, and says why", "[own broker]") {
  const auto timeout = GENERATE(1ms, 30ms);
  std::optional<broker::Embedded> broker{std::in_place};
  const auto url = broker->url(any_encoding());
  broker.reset();
  asio::io_context io;
  RpcClient rpc{io.get_executor(), url, {.reconnect = {.backoff_min = 1ms, .patient = true}}};
  rpc.async_open([](std::error_code) {});
  std::exception_ptr failed;
  rpc.procedure<int(int)>("fib", {.timeout = timeout})
      .async(1, asio::bind_executor(io, [&](const std::exception_ptr& error, int) {
               failed = error;
               io.stop();
             }));
  io.run();
  REQUIRE(failed);
  const auto error = error_of([&] { std::rethrow_exception(failed); });
  CHECK(error.code() == RpcCode::unavailable);
  CHECK(error.reason() == reason::connection_lost);
  CHECK_THAT(error.message(), Catch::StartsWith("no connection to the broker in time: "));
}

TEST_CASE("direct reply-to and confirms change nothing for callers") {
  FibWorld world;
  const auto reply = GENERATE(ReplyTo::callback_queue, ReplyTo::direct);
  RpcClient rpc{world.broker.url(world.encoding), {.reply = reply, .confirm = true}};
  auto remote_fib = rpc.procedure<int(int)>("fib", {.timeout = 10s, .require_consumer = true});
  CHECK(remote_fib(10) == 55);
  CHECK(error_of([&] { rpc.procedure<int(int)>("nobody")(1); }).reason() == reason::no_queue);
}

TEST_CASE("a full queue refuses a request where the broker confirms") {
  tests::BrokerUnderTest broker;
  RpcClient rpc{broker.url(any_encoding()), {.confirm = true}};
  const QueueOptions full{.arguments = Table{}.add("x-max-length", 0).add("x-overflow", "reject-publish")};
  auto call = rpc.procedure<int(int)>("full", {.timeout = 1h, .declare = full});
  CHECK(error_of([&] { call(1); }).code() == RpcCode::resource_exhausted);
}

TEST_CASE("a queue that nobody consumes fails a call that wants a consumer") {
  tests::BrokerUnderTest broker;
  RpcClient rpc{broker.url(any_encoding())};
  auto call = rpc.procedure<int(int)>("idle", {.timeout = 1h, .declare = QueueOptions{}, .require_consumer = true});
  CHECK(error_of([&] { call(1); }).reason() == reason::no_consumer);
}

TEST_CASE("a client's last handle may go on its own thread") {
  FibWorld world;
  auto rpc = std::make_shared<RpcClient>(world.broker.url(world.encoding));
  auto remote_fib = rpc->procedure<int(int)>("fib");
  std::promise<void> gone;
  remote_fib.async(1, [rpc = std::move(rpc), &gone](const std::exception_ptr&, int) mutable {
    rpc.reset();
    gone.set_value();
  });
  gone.get_future().get();
}

TEST_CASE("arguments that are no UTF-8 are refused before anything is sent") {
  tests::BrokerUnderTest broker;
  RpcClient rpc{broker.url(any_encoding())};
  auto echo = rpc.procedure<std::string(std::string)>("echo");
  CHECK(error_of([&] { echo("\xff"); }).code() == RpcCode::invalid_argument);
}

}  // namespace
}  // namespace pocketmq::client
