// The server against a broker, called by our client or by hand.
#include "server/rpc_server.hpp"

#include <csignal>
#include <future>
#include <map>

#include <asio/bind_executor.hpp>
#include <asio/io_context.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

#include "broker/embedded.hpp"
#include "client/rpc_client.hpp"
#include "client/values/trace_context.hpp"
#include "tests/server/plain_caller.hpp"
#include "tests/support/broker_under_test.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::server {
namespace {

using namespace std::chrono_literals;
using asio::use_future;
using client::any_encoding;
using client::Bytes;
using client::RpcClient;
using client::RpcCode;
using client::RpcError;

TEST_CASE("a server answers with what a plain caller expects") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  RpcServer server{url};
  server.serve("twice", [](int n) { return 2 * n; });
  server.start();
  PlainCaller caller{url};
  caller.sends_and_wants_reply("twice", "21", "any id");
  CHECK(caller.receives() == client::Message{.body = "42", .properties = {.correlation_id = "any id"}});
  caller.sends_and_wants_reply("twice", "many", "2");
  CHECK(caller.receives()
        == client::Message{.body = R"({"code":"invalid_argument","message":"the request is no JSON: many"})",
                           .properties = {.correlation_id = "2", .type = "rpc.error"}});
}

TEST_CASE("several procedures with several types") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  std::string log;
  RpcServer server{url};
  server.serve("add", [](int a, int b) { return a + b; });
  server.serve("log", [&](const std::string& line) { log += line; });
  server.serve("answer", [] { return 42; });
  server.serve("count", [](const std::vector<std::string>& words) {
    std::map<std::string, int> counts;
    for (const auto& word : words) ++counts[word];
    return counts;
  });
  server.serve("reverse", [](const Bytes& bytes) { return Bytes{{bytes.data.rbegin(), bytes.data.rend()}}; });
  server.start();

  RpcClient rpc{url};
  CHECK(rpc.procedure<int(int, int)>("add")(2, 3) == 5);
  rpc.procedure<void(std::string)>("log")("hello");
  CHECK(log == "hello");
  CHECK(rpc.procedure<int()>("answer")() == 42);
  CHECK(rpc.procedure<std::map<std::string, int>(std::vector<std::string>)>("count")({"a", "b", "a"})
        == std::map<std::string, int>{{"a", 2}, {"b", 1}});
  CHECK(rpc.procedure<Bytes(Bytes)>("reverse")(Bytes{{"\0\xff", 2}}) == Bytes{{"\xff\0", 2}});
  std::promise<bool> logged;
  rpc.procedure<void(std::string)>("log").async("!",
                                                [&](const std::exception_ptr& error) { logged.set_value(!error); });
  CHECK(logged.get_future().get());
}

TEST_CASE("whatever a handler throws, its caller and the log are told, and the server goes on") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  const bool reveals = GENERATE(false, true);
  std::string log;
  RpcServer server{url,
                   {.on_trouble = [&](const std::string& line) { log += line + '\n'; }, .reveal_exceptions = reveals}};
  server.serve("fail", [](int how) -> std::string {
    if (how == 1) throw std::runtime_error{"out of\x1b[2J paper"};
    if (how == 2) throw RpcError{RpcCode::resource_exhausted, "come back tomorrow"};
    if (how == 3) throw how;
    if (how == 4) return "\xff";
    return "fine";
  });
  server.start();
  RpcClient rpc{url};
  auto fail = rpc.procedure<std::string(int)>("fail");
  CHECK(std::string{error_of([&] { fail(1); }).what()}
        == (reveals ? "internal: out of\x1b[2J paper" : "internal: the handler failed; the server's log says why"));
  CHECK(std::string{error_of([&] { fail(2); }).what()} == "resource_exhausted: come back tomorrow");
  CHECK(error_of([&] { fail(3); }).code() == RpcCode::internal);
  CHECK(error_of([&] { fail(4); }).code() == RpcCode::internal);
  CHECK(fail(0) == "fine");
  CHECK(log == "'fail' failed: out of\\x1b[2J paper\n'fail' failed: something that is no std::exception\n");
}

TEST_CASE("a queue has one handler, and a server starts once") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  RpcServer server{url};
  server.serve("fib", [](int n) { return n; });
  CHECK_THROWS_WITH(server.serve("fib", [](int n) { return -n; }),
                    "RpcServer::serve: 'fib' is served already; a queue has one handler");
  CHECK_THROWS_WITH(server.serve("", [](int n) { return n; }), "RpcServer::serve: the name of the queue is empty");
  CHECK_THROWS_WITH(server.serve(std::string(256, 'q'), [](int n) { return n; }),
                    "RpcServer::serve: the name of the queue has 256 bytes; it may have 255");
  server.serve("fac", [](int n) { return n; });
  server.start();
  CHECK_THROWS_WITH(server.start(), "RpcServer::start: it was called before; make another RpcServer to start again");
  CHECK_THROWS_WITH(server.serve("abs", [](int n) { return n; }),
                    "RpcServer::serve and use must be called before the server is started");
  CHECK(RpcClient{url}.procedure<int(int)>("fib")(7) == 7);
}

TEST_CASE("a request whose headers are larger than the server's frames is served") {
  tests::BrokerUnderTest broker;
  RpcServer server{broker.url(protocol::Encoding::amqp) + "?frame_max=8192"};
  server.serve("length", [](Context& context) { return context.header("long").value_or("").size(); });
  server.start();
  PlainCaller caller{broker.url(any_encoding())};
  caller.sends_and_wants_reply("length",
                               {.properties = {.headers = client::Table{}.add("long", std::string(60'000, 'x'))}});
  CHECK(caller.receives().body == "60000");
}

TEST_CASE("arguments that the handler does not take are refused, with what it does") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  RpcServer server{url};
  server.serve("add", [](int a, int b) { return a + b; });
  server.start();
  RpcClient rpc{url};
  CHECK(std::string{error_of([&] { rpc.procedure<int(int)>("add")(1); }).what()}
        == "invalid_argument: expected 2 arguments, given 1 argument");
  CHECK(std::string{error_of([&] { rpc.procedure<int(int, std::string)>("add")(1, "x"); }).what()}
        == "invalid_argument: argument 2: expected an integer from -2147483648 to 2147483647, given \"x\"");
}

TEST_CASE("a request that wants no reply is run and acked, whatever comes of it") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  std::promise<void> both;
  RpcServer server{url};
  server.serve("tell", [&, seen = 0](const std::string& what) mutable {
    if (++seen == 2) both.set_value();
    if (what == "bad") throw std::runtime_error{"bad"};
  });
  server.start();
  PlainCaller caller{url};
  caller.sends("tell", {.body = "30"});
  caller.sends("tell", {.body = "\"bad\""});
  caller.sends("tell", {.body = "\"good\""});
  both.get_future().get();
  caller.sends_and_wants_reply("tell", "\"last\"", "1");
  CHECK(caller.receives().body == "null");
  server.stop();
  CHECK(caller.channel().purge_queue("tell", use_future).get() == 0);
}

TEST_CASE("a request that nobody waits for any more is not run") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  std::string ran;
  RpcServer server{url};
  server.serve("run", [&](const std::string& what) { ran += what; });
  server.start();
  PlainCaller caller{url};
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  const auto with_deadline = [&](std::int64_t at) { return client::Table{}.add("x-rpc-deadline", at); };
  caller.sends("run", {.body = "\"late\"", .properties = {.headers = with_deadline(now - 2'000)}});
  caller.sends("run", {.body = "\"early\"", .properties = {.headers = with_deadline(now + 3'600'000)}});
  caller.sends_and_wants_reply("run", "\"!\"", "1");
  caller.receives();
  CHECK(ran == "early!");
}

TEST_CASE("a server waits until it is stopped, by a handler or a signal") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  RpcClient rpc{url};
  {
    RpcServer server{url};
    server.serve("quit", [&] { server.stop(); });
    server.start();
    rpc.procedure<void()>("quit")();
    server.wait();
  }
  RpcServer server{url};
  server.serve("signal", [] { ::kill(::getpid(), SIGUSR1); });
  auto running = std::async(std::launch::async, [&] { server.run({SIGUSR1}); });
  rpc.procedure<void()>("signal", {.declare = client::QueueOptions{}})();
  running.get();
}

TEST_CASE("a server that is stopped before it runs returns at once") {
  tests::BrokerUnderTest broker;
  RpcServer server{broker.url(any_encoding())};
  server.serve("q", [] {});
  server.stop();
  CHECK_NOTHROW(server.run());
}

TEST_CASE("a server that cannot start does not run") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  RpcServer first{url};
  first.serve("q", [] {});
  first.start();
  RpcServer second{url};
  second.serve("q", [] {}, {.queue = client::QueueOptions::quorum()});
  CHECK_THROWS_WITH(second.run(), Catch::Contains("'q'"));
}

TEST_CASE("a server that cannot start says why") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  RpcServer first{url};
  first.serve("q", [] {});
  first.start();
  CHECK_THROWS_AS(first.serve("late", [] {}), std::logic_error);
  RpcServer second{url};
  second.serve("q", [] {}, {.queue = client::QueueOptions::quorum()});
  try {
    second.start();
    FAIL("it started");
  } catch (const std::system_error& error) {
    CHECK(error.code() == client::reply_error(406));
    CHECK_THAT(error.what(), Catch::Contains("'q'"));
  }
  CHECK_THROWS_AS(RpcServer{"nonsense"}, std::system_error);
}

TEST_CASE("a server may run on the caller's executor") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  asio::io_context io;
  std::optional<RpcServer> server{std::in_place, io.get_executor(), url};
  server->serve("twice", [](int n) { return 2 * n; });
  RpcClient rpc{url};
  auto twice = rpc.procedure<int(int)>("twice");
  int answer = 0;
  server->async_start([&](std::error_code error) {
    REQUIRE_FALSE(error);
    twice.async(4, asio::bind_executor(io, [&](const std::exception_ptr&, int n) {
                  answer = n;
                  server.reset();
                }));
  });
  io.run();
  CHECK(answer == 8);
}

TEST_CASE("a patient server waits until it can serve") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  PlainCaller caller{url};
  caller.channel().declare_queue("q", {.durable = true}, use_future).get();
  std::promise<std::string> trouble;
  RpcServer server{url,
                   {.on_trouble =
                        [&, told = false](const std::string& why) mutable {
                          if (!std::exchange(told, true)) trouble.set_value(why);
                        },
                    .reconnect = {.backoff_min = 1ms, .patient = true}}};
  server.serve("q", [] { return 1; });
  auto started = std::async(std::launch::async, [&] { server.start(); });
  CHECK_THAT(trouble.get_future().get(), Catch::Contains("'q'"));
  caller.channel().delete_queue("q", client::If::any, use_future).get();
  started.get();
  caller.sends_and_wants_reply("q", "", "1");
  CHECK(caller.receives().body == "1");
}

TEST_CASE("a server that is stopped while it waits does not start", "[own broker]") {
  std::optional<broker::Embedded> broker{std::in_place};
  const auto url = broker->url(any_encoding());
  broker.reset();
  RpcServer server{url, {.reconnect = {.patient = true}}};
  auto started = std::async(std::launch::async, [&] { server.start(); });
  server.stop();
  CHECK_THROWS_AS(started.get(), std::system_error);
  server.wait();
}

TEST_CASE("middleware is around every handler, the first one outermost") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  std::string story;
  const auto link = [&](const std::string& name) {
    return [&story, name](Context& context, const NextHandler& next, Answered answered) {
      story += name + "(";
      next(context, [&story, answered = std::move(answered)](Outcome outcome) mutable {
        story += ")";
        answered(std::move(outcome));
      });
    };
  };
  RpcServer server{url};
  server.use(link("a"));
  server.use(link("b"));
  server.use([](Context& context, const NextHandler& next, Answered answered) {
    if (context.body() == "1") throw RpcError{RpcCode::permission_denied, "not one"};
    if (context.body() == "2") return;  // lets go of it
    next(context, std::move(answered));
  });
  server.serve("q", [&](int) { story += "handler"; });
  server.start();
  RpcClient rpc{url};
  auto q = rpc.procedure<void(int)>("q");
  q(0);
  CHECK(story == "a(b(handler))");
  CHECK(error_of([&] { q(1); }).code() == RpcCode::permission_denied);
  CHECK(std::string{error_of([&] { q(2); }).what()} == "internal: the handler went without an answer");
}

TEST_CASE("a request's trace is its handler's") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  RpcServer server{url};
  server.serve("trace", [] { return std::string{client::TraceScope::current()}; });
  server.start();
  PlainCaller caller{url};
  caller.sends_and_wants_reply("trace",
                               {.body = "", .properties = {.headers = client::Table{}.add("traceparent", trace)}});
  CHECK(caller.receives().body == '"' + trace + '"');
}

TEST_CASE("a request's trace goes on through the calls that its handler makes") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  RpcClient rpc{url};
  RpcServer server{url};
  server.serve("trace", [](Context& context) { return context.header("traceparent").value_or(""); });
  server.serve("call", [trace = rpc.procedure<std::string()>("trace")] { return trace(); });
  server.serve("co_call", [trace = rpc.procedure<std::string()>("trace")]() -> asio::awaitable<std::string> {
    co_await trace.async(asio::use_awaitable);  // resumes on another thread
    co_return co_await trace.async(asio::use_awaitable);
  });
  server.start();
  const auto* procedure = GENERATE("call", "co_call");
  PlainCaller caller{url};
  const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  caller.sends_and_wants_reply(procedure, {.properties = {.headers = client::Table{}.add("traceparent", trace)}});
  const auto seen = caller.receives().body;
  CHECK_THAT(seen, Catch::Contains("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
  CHECK_THAT(seen, !Catch::Contains("00f067aa0ba902b7"));  // each call is a span of its own
}

}  // namespace
}  // namespace pocketmq::server
