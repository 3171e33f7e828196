// The server against a broker, called by our client or by hand.
#include "server/rpc_server.hpp"

#include <csignal>
#include <future>
#include <map>

#include <asio/bind_executor.hpp>
#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include "broker/embedded.hpp"
#include "client/connection.hpp"
#include "client/rpc_client.hpp"
#include "tests/client/any_encoding.hpp"
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

template <class Call> RpcError error_of(Call&& call) {
  try {
    call();
  } catch (const RpcError& error) {
    return error;
  }
  return {RpcCode::unknown, "it did not fail"};
}

// A caller that is none of our RpcClients.
class PlainCaller {
 public:
  explicit PlainCaller(const std::string& url)
      : connection_{url}, channel_{connection_.open_channel(use_future).get()} {
    reply_to_ = channel_.declare_queue("", {.exclusive = true}, use_future).get().name;
  }

  void sends(const std::string& queue, client::Message request) {
    channel_.publish({.routing_key = queue}, std::move(request), use_future).get();
  }
  void sends_and_wants_reply(const std::string& queue, std::string body, const std::string& id) {
    sends(queue, {.body = std::move(body), .properties = {.correlation_id = id, .reply_to = reply_to_}});
  }
  client::Message receives() {
    std::promise<client::Message> reply;
    const auto tag =
        channel_
            .consume(
                reply_to_, {.no_ack = true},
                [&](client::Delivery delivery) { reply.set_value(std::move(delivery.message)); }, use_future)
            .get();
    auto message = reply.get_future().get();
    channel_.cancel(tag, use_future).get();
    return message;
  }
  client::Channel& channel() { return channel_; }

 private:
  client::Connection connection_;
  client::Channel channel_;
  std::string reply_to_;
};

TEST_CASE("a server answers with what a plain caller expects") {
  broker::Embedded broker;
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
  broker::Embedded broker;
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

TEST_CASE("whatever a handler throws is its caller's, and the server goes on") {
  broker::Embedded broker;
  const auto url = broker.url(any_encoding());
  RpcServer server{url};
  server.serve("fail", [](int how) -> std::string {
    if (how == 1) throw std::runtime_error{"out of paper"};
    if (how == 2) throw RpcError{RpcCode::resource_exhausted, "come back tomorrow"};
    if (how == 3) throw how;
    if (how == 4) return "\xff";
    return "fine";
  });
  server.start();
  RpcClient rpc{url};
  auto fail = rpc.procedure<std::string(int)>("fail");
  CHECK(std::string{error_of([&] { fail(1); }).what()} == "internal: out of paper");
  CHECK(std::string{error_of([&] { fail(2); }).what()} == "resource_exhausted: come back tomorrow");
  CHECK(error_of([&] { fail(3); }).code() == RpcCode::internal);
  CHECK(error_of([&] { fail(4); }).code() == RpcCode::internal);
  CHECK(fail(0) == "fine");
}

TEST_CASE("arguments that the handler does not take are refused, with what it does") {
  broker::Embedded broker;
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
  broker::Embedded broker;
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
  broker::Embedded broker;
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

TEST_CASE("a slow server does not hold requests back from a fast one") {
  broker::Embedded broker;
  const auto url = broker.url(any_encoding());
  std::promise<void> go, busy;
  RpcServer slow{url}, fast{url};
  slow.serve("work", [&](int) {
    busy.set_value();
    go.get_future().wait();
    return std::string{"slow"};
  });
  slow.start();
  RpcClient rpc{url};
  auto work = rpc.procedure<std::string(int)>("work");
  auto first = work.async(0, use_future);
  busy.get_future().wait();
  fast.serve("work", [](int) { return std::string{"fast"}; });
  fast.start();
  std::vector<std::future<std::string>> calls;
  for (int i = 0; i < 10; ++i) calls.push_back(work.async(i, use_future));
  for (auto& call : calls) CHECK(call.get() == "fast");
  go.set_value();
  CHECK(first.get() == "slow");
}

TEST_CASE("a server that goes finishes what runs, and leaves the rest to another") {
  broker::Embedded broker;
  const auto url = broker.url(any_encoding());
  RpcClient rpc{url};
  auto who = rpc.procedure<std::string(int)>("who");
  std::promise<void> go, busy;
  std::vector<std::future<std::string>> calls;
  std::optional<RpcServer> first{std::in_place, url, RpcServerOptions{.prefetch = 10}};
  first->serve("who", [&](int) {
    busy.set_value();
    go.get_future().wait();
    return std::string{"first"};
  });
  first->start();
  for (int i = 0; i < 5; ++i) calls.push_back(who.async(i, use_future));
  busy.get_future().wait();
  first->stop();
  go.set_value();
  first.reset();
  RpcServer second{url};
  second.serve("who", [](int) { return std::string{"second"}; });
  second.start();
  CHECK(calls[0].get() == "first");
  for (std::size_t i = 1; i < calls.size(); ++i) CHECK(calls[i].get() == "second");
}

TEST_CASE("a server waits until it is stopped, by a handler or a signal") {
  broker::Embedded broker;
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

TEST_CASE("a server that cannot start says why") {
  broker::Embedded broker;
  const auto url = broker.url(any_encoding());
  RpcServer first{url};
  first.serve("q", [] {});
  first.start();
  CHECK_THROWS_AS(first.serve("late", [] {}), std::logic_error);
  RpcServer second{url};
  second.serve(
      "q", [] {}, client::QueueOptions::quorum());
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
  broker::Embedded broker;
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

}  // namespace
}  // namespace pocketmq::server
