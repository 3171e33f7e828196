// The World: one thread, one clock, one seed.
#include "tests/kit/world.hpp"

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "broker/inspect.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::testkit {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using client::QueueOptions;
using client::Requeue;
using client::RpcCode;
using client::RpcError;
using client::Stream;

// What the call throws as a Failure.
std::string failure_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Failure& failure) {
    return failure.what();
  }
  return "it did not fail";
}

server::RpcServer& start_server(World& world) {
  auto& server = world.server({.on_trouble = [](const std::string&) {}});
  server.serve("twice", [](int n) { return 2 * n; });
  server.serve("count", [](server::StreamWriter<int>& out, int n) {
    for (int i = 1; i <= n; ++i) out.write(i);
  });
  server.serve("slow", [&world](int minutes) -> asio::awaitable<int> {
    co_await world.sleep(std::chrono::minutes{minutes});
    co_return minutes;
  });
  server.start();
  return server;
}

}  // namespace

TEST_CASE("a blocking call in a World is answered by a server in the same thread") {
  World world{1};
  start_server(world);
  auto& rpc = world.client();
  CHECK(rpc.procedure<int(int)>("twice")(21) == 42);
  std::vector<int> numbers;
  for (const int n : rpc.procedure<Stream<int>(int)>("count")(3)) numbers.push_back(n);
  CHECK(numbers == std::vector{1, 2, 3});
  CHECK(world.elapsed() == 0s);
}

TEST_CASE("an operation of a World that is pending has its result when the time has come") {
  World world{1};
  start_server(world);
  const auto slow = world.client().procedure<int(int)>("slow", {.timeout = 1h});
  const auto call = slow.async(5, pending);
  world.advance(5min - 1ns);
  CHECK_FALSE(call.is_ready());
  CHECK_THAT(failure_of([&] { (void)call.get(); }), Contains("no result yet"));
  world.advance(1ns);
  REQUIRE(call.is_ready());
  CHECK_FALSE(call.has_failed());
  CHECK(call.get() == 5);
}

TEST_CASE("an operation of a World that has failed throws its error") {
  World world{1};
  auto& rpc = world.client();
  const auto nobody = rpc.procedure<int(int)>("nobody", {.timeout = 30min, .declare = QueueOptions{}});
  const auto call = nobody.async(1, pending);
  CHECK_THROWS_AS(world.run(call), RpcError);
  CHECK(call.has_failed());
  CHECK(world.elapsed() == 30min);
  auto channel = world.run(world.connection().open_channel(pending));
  CHECK_THROWS_AS(world.run(channel.declare_queue("missing", {.passive = true}, pending)), std::system_error);
}

TEST_CASE("a coroutine in a World calls, reads a stream, and sleeps in virtual time") {
  World world{2};
  start_server(world);
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
  CHECK(world.run(program(), 49h) == 8);
  CHECK(world.elapsed() == 48h + 8min);
}

TEST_CASE("a handler that sleeps in a World is cancelled with its call") {
  World world{1};
  std::optional<std::error_code> ended;
  auto& server = world.server();
  server.serve("sleep", [&]() -> asio::awaitable<int> {
    try {
      co_await world.sleep(24h);
    } catch (const std::system_error& error) {
      ended = error.code();
      throw;
    }
    co_return 0;
  });
  server.start();
  auto& rpc = world.client();
  std::stop_source stop;
  const auto call = rpc.procedure<int()>("sleep", {.timeout = 48h}).with(stop.get_token()).async(pending);
  world.advance(20min);
  CHECK_FALSE(ended);
  stop.request_stop();
  world.settle();
  CHECK(call.has_failed());
  CHECK(ended == asio::error::operation_aborted);
  CHECK(world.elapsed() == 20min);
}

TEST_CASE("who waits in a World for what never comes is told at once who holds what") {
  World world{{.seed = 7, .broker = {.consumer_timeout = 0ms}}};
  auto& rpc = world.client();
  auto& connection = world.connection({.name = "billing"});
  auto channel = world.run(connection.open_channel(pending));
  world.run(channel.declare_queue("orders", {}, pending));
  world.run(channel.declare_queue("idle", {}, pending));
  world.run(channel.consume(
      "orders", {}, [](const client::Delivery&) {}, pending));
  channel.publish({.routing_key = "orders"}, {.body = "one"});
  channel.publish({.exchange = "amq.topic", .routing_key = "order.paid"}, {.body = "two"});
  const auto nobody = rpc.procedure<int(int)>("idle", {.timeout = client::no_timeout});
  const auto text = failure_of([&] { (void)nobody(1); });
  CHECK_THAT(text, StartsWith("seed 7, after 10s: nothing can happen any more"));
  CHECK_THAT(text, Contains("sleep with world.sleep"));
  CHECK_THAT(text, Contains("\n  queue 'idle' has 1 ready and no consumer\n    message "));
  CHECK_THAT(text, Contains(", published by client-1 with routing key 'idle', who waits for the reply\n"));
  CHECK_THAT(text, Contains("\n  billing has not acked message "));
  CHECK_THAT(text, Contains(", published by billing with routing key 'orders', from queue 'orders'\n"));
  CHECK_THAT(text, Contains(", published by billing to exchange 'amq.topic' with routing key 'order.paid': dropped "
                            "(unroutable)\n"));
  CHECK(world.elapsed() == 10s);  // the last deadline of what has ended: a handshake may take 10 s
}

TEST_CASE("who waits in a World is told whose channel the broker has closed meanwhile") {
  World world{1};
  auto channel = world.run(world.connection().open_channel(pending));
  CHECK_THROWS_AS(world.run(channel.declare_queue("missing", {.passive = true}, pending)), std::system_error);
  CHECK_THAT(failure_of([&] { world.run_until([] { return false; }); }),
             Contains("\n  a channel of connection-1 was closed with 404: "));
}

TEST_CASE("with heartbeats a wait in a World ends after the time that it may take") {
  World world{{.seed = 7, .heartbeat = 10s}};
  start_server(world);
  const auto text = failure_of([&] { world.run_until([] { return false; }, 1h); });
  CHECK_THAT(text, Contains("seed 7, after 1h: what the test waits for has not happened within 1h\n"));
  CHECK_THAT(text, Contains("the broker holds no message, and has dropped none"));
}

TEST_CASE("a program that goes round in a circle in a World is stopped, with the last events") {
  World world{{.seed = 3, .handlers_max = 2'000}};
  auto channel = world.run(world.connection().open_channel(pending));
  world.run(channel.declare_queue("q", {}, pending));
  channel.publish({.routing_key = "q"}, {.body = "again"});
  const auto consuming = channel.consume(
      "q", {}, [&](const client::Delivery& delivery) { channel.reject(delivery.delivery_tag, Requeue::yes); }, pending);
  const auto text = failure_of([&] { world.settle(); });
  CHECK_THAT(text, Contains("2000 handlers have run without time passing"));
  CHECK_THAT(text, Contains("\"kind\":\"message.requeued\""));
}

TEST_CASE("a handler must not block in a World, and the test is told, whatever the handler catches") {
  World world{1};
  start_server(world);
  auto& server = world.server({.on_trouble = [](const std::string&) {}});
  const auto twice = world.client().procedure<int(int)>("twice");
  server.serve("blocks", [&](int n) { return twice(n); });
  server.start();
  const auto blocks = world.client().procedure<int(int)>("blocks");
  CHECK_THAT(failure_of([&] { (void)blocks(1); }), Contains("has made a blocking call"));
  CHECK(twice(1) == 2);
}

TEST_CASE("a client whose connection a World loses connects again, and repeats what is idempotent") {
  World world{1};
  start_server(world);
  auto& rpc = world.client();
  const auto slow = rpc.procedure<int(int)>("slow", {.timeout = 1h});
  const auto again = rpc.procedure<int(int)>("slow", {.timeout = 1h, .idempotent = true});
  const auto lost = slow.async(1, pending);
  const auto repeated = again.async(2, pending);
  world.settle();
  world.lose(rpc);
  world.settle();
  CHECK(lost.has_failed());
  CHECK_FALSE(repeated.is_ready());
  CHECK(world.broker().connection_count() == 1);
  world.advance(1s);
  CHECK(world.broker().connection_count() == 2);
  CHECK(world.run(repeated) == 2);
}

TEST_CASE("a participant that a World unplugs comes back when it is plugged in") {
  World world{1};
  auto& server = start_server(world);
  world.unplug(server);
  world.advance(10min);
  CHECK(world.broker().connection_count() == 0);
  world.plug_in("server-1");
  world.advance(10s);
  CHECK(world.broker().connection_count() == 1);
  world.lose_all();
  world.settle();
  CHECK(world.broker().connection_count() == 0);
}

TEST_CASE("what a server holds that crashes in a World is delivered to another one") {
  World world{1};
  auto& server = start_server(world);
  const auto slow = world.client().procedure<int(int)>("slow", {.timeout = 1h});
  const auto call = slow.async(10, pending);
  world.advance(9min);
  world.crash(server);
  start_server(world);
  world.advance(10min - 1ms);
  CHECK_FALSE(call.is_ready());
  world.advance(1ms);
  CHECK(call.get() == 10);
  CHECK(world.elapsed() == 19min);
}

TEST_CASE("a server that a World removes stops in good order") {
  World world{1};
  auto& server = start_server(world);
  const auto twice = world.client().procedure<int(int)>("twice");
  CHECK(twice(1) == 2);
  world.remove(server);
  CHECK(world.broker().connection_count() == 1);
  CHECK_THAT(world.journal(), Contains("connection.closed") && !Contains("connection.lost"));
}

TEST_CASE("participants of a World have names in its journal, and own ones those that they choose") {
  World world{1};
  start_server(world);
  client::RpcClient mine{world.executor(), world.url("mine"), {.connection = {.name = "me"}}};
  const auto opened = mine.async_open(pending);
  world.run(opened);
  CHECK(world.client().procedure<int(int)>("twice")(2) == 4);
  CHECK(mine.procedure<int(int)>("twice")(3) == 6);
  CHECK_THAT(world.journal(),
             Contains("\"name\":\"server-1\"") && Contains("\"name\":\"client-1\"") && Contains("\"name\":\"me\""));
  world.lose("mine");
  CHECK_THAT(failure_of([&] { world.lose(mine); }), Contains("write the name of its cable"));
  CHECK_THAT(failure_of([&] { world.lose("yours"); }), Contains("no cable, named 'yours'"));
  CHECK_THAT(failure_of([&] { world.client({.connection = {.name = "server-1"}}); }),
             Contains("the name 'server-1' is taken"));
}

TEST_CASE("the journal of a World is whole, and its times are those of the virtual clock") {
  World world{1};
  auto channel = world.run(world.connection().open_channel(pending));
  world.run(channel.declare_queue("q", {.arguments = client::Table{}.add("x-message-ttl", 86'400'000)}, pending));
  channel.publish({.routing_key = "q"}, {.body = "late"});
  world.advance(24h);
  CHECK(world.journal().starts_with(R"({"journal":1,"broker":"PocketMQ )"));
  CHECK_THAT(world.journal(), Contains(R"("time":"2026-01-01T00:00:00.000000Z","next":1})"));
  CHECK_THAT(world.journal(), Contains(R"("number":1,)"));
  CHECK_THAT(world.journal(), Contains(R"("time":"2026-01-02T00:00:00.000000Z","kind":"message.expired")"));
}

TEST_CASE("an expectation in a World that does not hold names the seed and the time") {
  World world{4'711};
  world.advance(90min + 500ms);
  world.expect(true, "nothing");
  CHECK(failure_of([&] { world.expect(false, "one reply"); })
        == "seed 4711, after 5400.500s: not as expected: one reply");
  CHECK_THAT(failure_of([&] { world.advance(-1s); }), Contains("time does not go back"));
}

TEST_CASE("a World takes its seed from the environment") {
  ::setenv("POCKETMQ_SEED", "12", 1);
  CHECK(World{}.seed() == 12);
  CHECK(World{13}.seed() == 13);
  ::setenv("POCKETMQ_SEED", "twelve", 1);
  CHECK_THAT(failure_of([] { const World world; }), Contains("POCKETMQ_SEED is 'twelve'"));
  ::unsetenv("POCKETMQ_SEED");
}

}  // namespace pocketmq::testkit
