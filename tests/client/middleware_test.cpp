#include "client/middleware.hpp"

#include <deque>
#include <future>
#include <vector>

#include <asio/io_context.hpp>

#include "client/rpc_client.hpp"
#include "client/values/trace_context.hpp"
#include "tests/client/any_encoding.hpp"
#include "tests/client/link/hand_made_server.hpp"
#include "tests/support/broker_under_test.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::client {
namespace {

using namespace std::chrono_literals;

const RpcResult no_queue{.error = RpcError{RpcCode::unavailable, "no", reason::no_queue}};

// What stands at the chain's end: it takes note of the requests and gives the results that a test chose.
struct Server {
  NextCall next() {
    return [this](RpcRequest request, Completed completed) {
      requests.push_back(std::move(request));
      auto result = results.front();
      results.pop_front();
      completed(std::move(result));
    };
  }

  std::deque<RpcResult> results;
  std::vector<RpcRequest> requests;
};

// The result that a call comes to.
struct Caller {
  Completed completed() {
    return [this](RpcResult with) { results.push_back(with.error ? with.error->what() : with.body); };
  }
  std::vector<std::string> results;
};

RpcRequest idempotent(std::chrono::milliseconds timeout = 10s) {
  return {.queue = "fib", .timeout = timeout, .idempotent = true};
}

TEST_CASE("a call that may be made again is, while its server is unavailable") {
  asio::io_context io;
  Server server{.results = {no_queue, no_queue, {.body = "5"}}};
  Caller caller;
  retry(io.get_executor(), {.attempts = 3, .backoff_min = 1ms})(idempotent(), server.next(), caller.completed());
  CHECK(caller.results.empty());
  io.run();
  CHECK(caller.results == std::vector<std::string>{"5"});
  REQUIRE(server.requests.size() == 3);
  CHECK(server.requests[2].timeout < server.requests[0].timeout);
}

TEST_CASE("a call is not made again for ever") {
  asio::io_context io;
  Server server{.results = {no_queue, no_queue}};
  Caller caller;
  retry(io.get_executor(), {.attempts = 2, .backoff_min = 1ms})(idempotent(), server.next(), caller.completed());
  io.run();
  CHECK(caller.results == std::vector<std::string>{"unavailable (no_queue): no"});
}

TEST_CASE("a call is not made again without time, with another error, or where that might do harm") {
  asio::io_context io;
  const auto with_retries = retry(io.get_executor(), {.attempts = 3, .backoff_min = 1h, .backoff_max = 1h});
  Caller caller;
  Server unavailable{.results = {no_queue, no_queue, no_queue}};
  with_retries(idempotent(1s), unavailable.next(), caller.completed());
  with_retries({.queue = "fib", .timeout = no_timeout}, unavailable.next(), caller.completed());
  auto stream = idempotent(no_timeout);
  stream.on_element = [](const std::string&) { return true; };
  with_retries(stream, unavailable.next(), caller.completed());
  Server failing{.results = {{.error = RpcError{RpcCode::internal, "no"}}}};
  with_retries(idempotent(no_timeout), failing.next(), caller.completed());
  CHECK(io.poll() == 0);
  CHECK(caller.results.size() == 4);
}

TEST_CASE("a line tells what a call came to, and its trace") {
  std::vector<std::string> lines;
  const auto log = log_calls([&](const std::string& line) { lines.push_back(line); });
  Server server{.results = {{.body = "5"}, no_queue}};
  Caller caller;
  const auto traceparent = new_traceparent();
  log({.queue = "fib", .headers = Table{}.add("traceparent", traceparent)}, server.next(), caller.completed());
  log({.queue = "fib"}, server.next(), caller.completed());
  REQUIRE(lines.size() == 2);
  CHECK_THAT(lines[0], Catch::StartsWith("call fib: ok in "));
  CHECK_THAT(lines[0], Catch::EndsWith(" ms, trace " + std::string{trace_id(traceparent)}));
  CHECK_THAT(lines[1], Catch::StartsWith("call fib: unavailable (no_queue): no in "));
  CHECK(caller.results.size() == 2);
}

TEST_CASE("calls are counted by procedure and by what they came to") {
  const CallMetrics metrics;
  const auto counting = metrics.middleware();
  Server server{.results = {{.body = "5"}, no_queue, no_queue}};
  Caller caller;
  for (const auto* queue : {"fib", "fib", "fac"}) counting({.queue = queue}, server.next(), caller.completed());
  const auto counted = metrics.snapshot();
  CHECK(counted.at("fib").replies == 1);
  CHECK(counted.at("fib").errors.at(RpcCode::unavailable) == 1);
  CHECK(counted.at("fac").replies == 0);
  CHECK(counted.at("fib").longest <= counted.at("fib").took);
  CHECK(caller.results.size() == 3);
}

// A server that replies with one of its request's headers.
struct HeaderWorld {
  explicit HeaderWorld(const std::string& name)
      : server{url, "header",
               [name](HandMadeServer& on, const Message& request) {
                 const auto& headers = request.properties.headers;
                 on.reply(request, '"' + (headers ? headers->string(name).value_or("none") : "none") + '"');
               }},
        rpc{url} {}

  tests::BrokerUnderTest broker;
  const std::string url{broker.url(any_encoding())};
  HandMadeServer server;
  RpcClient rpc;
};

TEST_CASE("each call goes through the chain, from the first one put there to the last") {
  HeaderWorld world{"authorization"};
  std::string order;
  for (const char name : {'a', 'b'})
    world.rpc.use([name, &order](RpcRequest request, const NextCall& next, Completed completed) {
      order += name;
      next(std::move(request), std::move(completed));
    });
  world.rpc.use(authorization([] { return "secret"; }));
  CHECK(world.rpc.procedure<std::string()>("header")() == "secret");
  CHECK(order == "ab");
}

TEST_CASE("a procedure's own headers are sent") {
  HeaderWorld world{"tenant"};
  auto header = world.rpc.procedure<std::string()>("header", {.headers = Table{}.add("tenant", "one")});
  CHECK(header() == "one");
  auto plain = world.rpc.procedure<std::string()>("header");
  CHECK(plain.with("tenant", "two")() == "two");
  CHECK(plain() == "none");
}

TEST_CASE("a call begins a trace, or belongs to the one that its thread is in") {
  HeaderWorld world{"traceparent"};
  auto header = world.rpc.procedure<std::string()>("header");
  CHECK(is_traceparent(header()));
  const auto outer = new_traceparent();
  {
    const TraceScope scope{outer};
    const auto inner = header();
    CHECK(trace_id(inner) == trace_id(outer));
    CHECK(inner != outer);
  }
  CHECK(header.with("traceparent", outer)() == outer);
}

}  // namespace
}  // namespace pocketmq::client
