#include "server/handler.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include "client/values/trace_context.hpp"
#include "protocol/vocabulary/limits.hpp"
#include "tests/server/handler_world.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::server {
namespace {

using namespace std::chrono_literals;
using asio::awaitable;
using asio::use_awaitable;
using client::Bytes;
using client::RpcCode;
using client::RpcError;
using Strings = std::vector<std::string>;

int twice(int n) { return 2 * n; }
struct Counter {
  int count{0};
  int operator()() { return ++count; }
};

template <class Callable> std::string reply(Callable callable, std::string body) {
  HandlerWorld world{make_handler(std::move(callable))};
  return world.runs(std::move(body));
}

TEST_CASE("any callable with one signature is a handler") {
  CHECK(reply(twice, "21") == "42");
  CHECK(reply(&twice, "21") == "42");
  CHECK(reply([](const std::string& a, int n) { return a + std::to_string(n); }, R"(["x",1])") == R"("x1")");
  CHECK(reply([]() noexcept { return true; }, "") == "true");
  CHECK(reply(std::function<int(int)>{twice}, "1") == "2");
  CHECK(reply([n = std::make_unique<int>(3)] { return *n; }, "") == "3");
  HandlerWorld counter{make_handler(Counter{})};
  CHECK(counter.runs("") == "1");
  CHECK(counter.runs("") == "2");
}

TEST_CASE("a handler without result gives null, as does an optional that is empty") {
  int seen = 0;
  CHECK(reply([&](int n) { seen = n; }, "7") == "null");
  CHECK(seen == 7);
  const auto half = [](std::optional<int> n) -> std::optional<int> {
    if (!n || *n % 2 != 0) return std::nullopt;
    return *n / 2;
  };
  CHECK(reply(half, "4") == "2");
  CHECK(reply(half, "3") == "null");
  CHECK(reply(half, "null") == "null");
}

TEST_CASE("a bytes handler gets and gives bodies untouched") {
  HandlerWorld world{make_handler([](const Bytes& bytes) { return Bytes{{bytes.data.rbegin(), bytes.data.rend()}}; })};
  CHECK(world.runs({"\xff\0x", 3}) == std::string{"x\0\xff", 3});
  CHECK(world.last().payload.content_type == "application/octet-stream");
}

TEST_CASE("what does not convert never reaches the handler, and is told with what was expected") {
  const auto add = [](int, int) { FAIL("called"); };
  CHECK(reply(add, "[1]") == "invalid_argument: expected 2 arguments, given 1 argument");
  CHECK_THAT(reply(add, R"([1,"x"])"), Catch::StartsWith("invalid_argument: argument 2: expected an integer"));
  CHECK(reply(add, "[1,") == "invalid_argument: the request is no JSON: [1,");
  const auto co_add = [](int, int) -> awaitable<void> {
    FAIL("called");
    co_return;
  };
  CHECK(reply(co_add, "[1]") == "invalid_argument: expected 2 arguments, given 1 argument");
}

TEST_CASE("what an exception says is for the log, unless it is to be revealed") {
  const auto outcome = failure_of(std::make_exception_ptr(std::runtime_error{"out of paper"}));
  CHECK(outcome.exception == "out of paper");
  CHECK(std::string{outcome.error->what()} == "internal: the handler failed; the server's log says why");
  CHECK(std::string{revealed(outcome).what()} == "internal: out of paper");

  const auto cancelled = failure_of(std::make_exception_ptr(std::system_error{asio::error::operation_aborted}));
  CHECK(std::string{cancelled.error->what()} == "cancelled: the handler was cancelled");
  CHECK(revealed(cancelled).message() == cancelled.exception);

  const auto on_purpose = failure_of(std::make_exception_ptr(RpcError{RpcCode::not_found, "no such thing"}));
  CHECK(on_purpose.exception.empty());
  CHECK(std::string{revealed(on_purpose).what()} == "not_found: no such thing");

  auto replaced = outcome;  // by a middleware
  replaced.error = RpcError{RpcCode::unavailable, "later"};
  CHECK(std::string{revealed(replaced).what()} == "unavailable: later");

  CHECK(failure_of(std::make_exception_ptr(5)).exception == "something that is no std::exception");
}

TEST_CASE("what a handler throws is the outcome") {
  CHECK(reply([]() -> int { throw RpcError{RpcCode::not_found, "no such thing"}; }, "") == "not_found: no such thing");
  const std::string failed = "internal: the handler failed; the server's log says why";
  CHECK(reply([]() -> int { throw std::runtime_error{"out of paper"}; }, "") == failed);
  CHECK(reply([]() -> int { throw 5; }, "") == failed);
  CHECK(reply(
            []() -> awaitable<int> {
              throw RpcError{RpcCode::aborted, "no"};
              co_return 1;
            },
            "")
        == "aborted: no");
}

TEST_CASE("a handler sees all that its request came with") {
  HandlerWorld world{make_handler([](Context& context, int n) {
    CHECK(context.procedure() == "procedure");
    CHECK(context.body() == "7");
    CHECK(context.properties().correlation_id == "id");
    CHECK(context.properties().message_id == "m");
    CHECK(context.header("language") == "en");
    CHECK_FALSE(context.header("dialect"));
    CHECK(context.redelivered());
    CHECK(context.time_left() > 50min);
    CHECK(context.time_left() <= 1h);
    CHECK_FALSE(context.is_cancelled());
    return n;
  })};
  const auto now = std::chrono::system_clock::now();
  CHECK(world.runs({.message = {.body = "7",
                                .properties = {.headers = client::Table{}.add("language", "en"),
                                               .correlation_id = "id",
                                               .message_id = "m"}},
                    .redelivered = true,
                    .deadline = now + 1h})
        == "7");

  HandlerWorld patient{make_handler([](Context& context) { return context.time_left() == client::no_timeout; })};
  CHECK(patient.runs("") == "true");
  HandlerWorld late{make_handler([](Context& context) { return context.time_left() == 0ms; })};
  CHECK(late.runs({.deadline = now - 1h}) == "true");
}

TEST_CASE("a coroutine is a handler, with and without a context") {
  CHECK(reply([](int a, int b) -> awaitable<int> { co_return a + b; }, "[1,2]") == "3");
  CHECK(reply([](const std::string& text) -> awaitable<std::string> { co_return text + text; }, "\"x\"") == "\"xx\"");
  CHECK(reply([](Context&) -> awaitable<void> { co_return; }, "") == "null");
  CHECK(reply([](const Bytes& bytes) -> awaitable<Bytes> { co_return bytes; }, "\xff") == "\xff");
  const auto waits = [](Context& context, int n) -> awaitable<int> {
    asio::steady_timer timer{co_await asio::this_coro::executor, 1ms};
    co_await timer.async_wait(use_awaitable);
    co_return context.is_cancelled() ? 0 : n;
  };
  CHECK(reply(waits, "4") == "4");
}

TEST_CASE("what a coroutine takes by reference lives until it is over") {
  const std::string long_text(100, 'x');  // too long for the string's own memory
  const auto waits = [](const std::string& text, std::vector<std::string>&& texts) -> awaitable<std::string> {
    asio::steady_timer timer{co_await asio::this_coro::executor, 1ms};
    co_await timer.async_wait(use_awaitable);
    co_return text + texts.at(0);
  };
  CHECK(reply(waits, "[\"" + long_text + "\",[\"" + long_text + "\"]]") == "\"" + long_text + long_text + "\"");
}

TEST_CASE("a stop cancels what a coroutine awaits") {
  HandlerWorld world{make_handler([](Context& context) -> awaitable<int> {
    asio::steady_timer timer{context.executor(), 1h};
    co_await timer.async_wait(use_awaitable);
    co_return 1;
  })};
  world.begins("");
  world.polls();
  CHECK(world.outcomes.empty());
  world.context->request_stop();
  world.polls();
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.last().error->code() == RpcCode::cancelled);
}

TEST_CASE("a stop before a coroutine has its turn is not lost") {
  HandlerWorld world{make_handler([](Context& context) -> awaitable<int> {
    asio::steady_timer timer{context.executor(), 1h};
    co_await timer.async_wait(use_awaitable);
    co_return 1;
  })};
  world.begins("");
  world.context->request_stop();
  world.polls();
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.last().error->code() == RpcCode::cancelled);
}

TEST_CASE("a stop is seen through the token") {
  HandlerWorld world{make_handler([](Context& context) {
    const auto stop = context.stop_token();
    context.request_stop();
    return stop.stop_requested();
  })};
  CHECK(world.runs("") == "true");
}

TEST_CASE("a request's trace is its coroutine's, wherever that resumes") {
  const auto traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  HandlerWorld world{make_handler([](Context& context) -> awaitable<std::vector<std::string>> {
    std::vector<std::string> traces{std::string{client::TraceScope::current()}};
    asio::steady_timer timer{context.executor(), 1ms};
    co_await timer.async_wait(use_awaitable);
    traces.emplace_back(client::TraceScope::current());
    co_return traces;
  })};
  CHECK(world.runs(Asked{.message = {.properties = {.headers = client::Table{}.add("traceparent", traceparent)}}})
        == std::string{"[\""} + traceparent + "\",\"" + traceparent + "\"]");
  CHECK(client::TraceScope::current().empty());
}

// --- Streams ----------------------------------------------------------------------------------------

TEST_CASE("a stream's handler writes its elements") {
  auto handler = make_handler([](StreamWriter<int>& numbers, int n) {
    for (int i = 0; i < n; ++i) numbers.write(i);
  });
  CHECK(handler.is_stream);
  CHECK_FALSE(handler.is_coroutine);
  HandlerWorld world{std::move(handler)};
  CHECK(world.runs("3") == "null");
  CHECK(world.elements == Strings{"0", "1", "2"});

  HandlerWorld after_context{
      make_handler([](Context& context, StreamWriter<Bytes>& bytes) { bytes.write(Bytes{context.procedure()}); })};
  after_context.runs("");
  CHECK(after_context.elements == Strings{"procedure"});
}

TEST_CASE("a stream's handler may be a coroutine") {
  auto handler =
      make_handler([](Context&, StreamWriter<std::string>& words, const std::string& word) -> awaitable<void> {
        co_await words.async_write(word, use_awaitable);
        co_await words.async_write(word + "!", use_awaitable);
      });
  CHECK(handler.is_stream);
  CHECK(handler.is_coroutine);
  HandlerWorld world{std::move(handler)};
  CHECK(world.runs("\"hi\"") == "null");
  CHECK(world.elements == Strings{"\"hi\"", "\"hi!\""});
}

TEST_CASE("a stream that nobody reads any more fails in its handler") {
  const auto count = [](StreamWriter<int>& numbers) {
    for (int i = 0;; ++i) numbers.write(i);
  };
  HandlerWorld world{make_handler(count)};
  world.reads_at_most = 3;
  CHECK(world.runs("") == "cancelled: nobody reads the stream any more");
  CHECK(world.elements == Strings{"0", "1", "2"});

  const auto co_count = [](StreamWriter<int>& numbers) -> awaitable<void> {
    for (int i = 0;; ++i) co_await numbers.async_write(i, use_awaitable);
  };
  HandlerWorld co_world{make_handler(co_count)};
  co_world.reads_at_most = 3;
  CHECK(co_world.runs("") == "cancelled: nobody reads the stream any more");
  CHECK(co_world.elements.size() == 3);
}

TEST_CASE("a stream fails in its handler when its reader's time is over") {
  HandlerWorld world{make_handler([](StreamWriter<int>& numbers) { numbers.write(1); })};
  CHECK(world.runs(Asked{.deadline = std::chrono::system_clock::now() - 1h})
        == "cancelled: nobody reads the stream any more");
}

TEST_CASE("a stream's handler waits while too much is on its way, and no longer than it is read") {
  int written = 0;
  std::thread stopper;
  HandlerWorld world{make_handler([&](Context& context, StreamWriter<int>& numbers) {
    for (;;) {
      numbers.write(0);
      if (++written == 64) stopper = std::thread{[&] { context.request_stop(); }};
    }
  })};
  world.is_slow = true;
  CHECK(world.runs("") == "cancelled: nobody reads the stream any more");
  stopper.join();
  CHECK(written == 64);
}

TEST_CASE("an element that is larger than a message may be is refused") {
  const auto large = [](StreamWriter<Bytes>& out) {
    out.write(Bytes{std::string(protocol::Limits{}.body_max_bytes + 1, 'x')});
  };
  CHECK(reply(large, "") == "resource_exhausted: the element is larger than a message may be");
}

// --- Middleware ---------------------------------------------------------------------------------------

TEST_CASE("requests are logged with how they ended and how long that took") {
  Strings lines;
  HandlerWorld world{make_handler(twice)};
  world.goes_through(log_requests([&](const std::string& line) { lines.push_back(line); }));
  const auto traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  CHECK(world.runs(
            Asked{.message = {.body = "4", .properties = {.headers = client::Table{}.add("traceparent", traceparent)}}})
        == "8");
  world.runs("x");
  REQUIRE(lines.size() == 2);
  CHECK_THAT(lines[0], Catch::Matches("serve procedure: ok in [0-9.]+ ms, trace 4bf92f3577b34da6a3ce929d0e0e4736"));
  CHECK_THAT(lines[1], Catch::Matches("serve procedure: invalid_argument: the request is no JSON: x in [0-9.]+ ms"));
}

TEST_CASE("requests are counted by how they ended") {
  const RequestMetrics metrics;
  HandlerWorld world{
      make_handler([&](int n) { return n + static_cast<int>(metrics.snapshot().at("procedure").running); })};
  world.goes_through(metrics.middleware());
  CHECK(world.runs("1") == "2");
  world.runs("2");
  world.runs("x");
  const auto counts = metrics.snapshot().at("procedure");
  CHECK(counts.running == 0);
  CHECK(counts.replies == 2);
  CHECK(counts.errors == std::map<RpcCode, std::uint64_t>{{RpcCode::invalid_argument, 1}});
  CHECK(counts.longest <= counts.took);
}

TEST_CASE("requests without the right authorization are refused before the handler") {
  HandlerWorld world{make_handler([](int n) { return n; })};
  world.goes_through(require_authorization([](const Context& context, std::string_view token) {
    return context.procedure() == "procedure" && token == "Bearer me";
  }));
  const auto with = [](const std::string& authorization) {
    return Asked{
        .message = {.body = "1", .properties = {.headers = client::Table{}.add("authorization", authorization)}}};
  };
  CHECK(world.runs(with("Bearer me")) == "1");
  CHECK(world.runs(with("Bearer you")) == "unauthenticated: the request's header 'authorization' is not accepted");
  CHECK(world.runs("1") == "unauthenticated: the request has no header 'authorization'");
}

}  // namespace
}  // namespace pocketmq::server
