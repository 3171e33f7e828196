// Handlers at the same time: how many, on which threads, and how they end.
#include <atomic>
#include <future>
#include <thread>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

#include "client/rpc_client.hpp"
#include "server/rpc_server.hpp"
#include "tests/server/plain_caller.hpp"
#include "tests/support/broker_under_test.hpp"

namespace pocketmq::server {
namespace {

using namespace std::chrono_literals;
using asio::use_future;
using client::any_encoding;
using client::RpcClient;

// Where threads wait until so many are there.
class Meeting {
 public:
  explicit Meeting(int count) : missing_{count} {}

  /// False if they did not all come in a long time.
  bool waits() {
    std::unique_lock lock{mutex_};
    if (--missing_ <= 0) all_here_.notify_all();
    return all_here_.wait_for(lock, 30s, [this] { return missing_ <= 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_here_;
  int missing_;
};

TEST_CASE("a slow server does not hold requests back from a fast one") {
  tests::BrokerUnderTest broker;
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
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  RpcClient rpc{url};
  auto who = rpc.procedure<std::string(int)>("who");
  std::promise<void> go, busy;
  std::vector<std::future<std::string>> calls;
  std::optional<RpcServer> first{std::in_place, url, RpcServerOptions{.prefetch = 10, .threads = 1}};
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

TEST_CASE("as many requests of a procedure run at once as are prefetched, and no more") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  Meeting meeting{3};
  std::atomic<int> running{0}, most{0};
  RpcServer server{url, {.prefetch = 3}};
  server.serve("meet", [&] {
    const int now = ++running;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {}
    const bool all_came = meeting.waits();
    --running;
    return all_came;
  });
  server.start();
  RpcClient rpc{url};
  auto meet = rpc.procedure<bool()>("meet");
  std::vector<std::future<bool>> calls;
  for (int i = 0; i < 9; ++i) calls.push_back(meet.async(use_future));
  for (auto& call : calls) CHECK(call.get());
  CHECK(most == 3);
}

TEST_CASE("a slow procedure does not hold up another one of its server") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  std::promise<void> go;
  RpcServer server{url};
  server.serve("slow", [&] { go.get_future().wait(); });
  server.serve("fast", [] { return 1; });
  server.start();
  RpcClient rpc{url};
  auto slow = rpc.procedure<void()>("slow").async(use_future);
  CHECK(rpc.procedure<int()>("fast")() == 1);
  go.set_value();
  slow.get();
}

TEST_CASE("a handler may wait for another one of its own server") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  RpcClient rpc{url};
  RpcServer server{url};
  server.serve("one", [] { return 1; });
  server.serve("two", [one = rpc.procedure<int()>("one")] { return one() + one(); });
  server.serve("four", [two = rpc.procedure<int()>("two")]() -> asio::awaitable<int> {
    const int a = co_await two.async(asio::use_awaitable);
    co_return a + co_await two.async(asio::use_awaitable);
  });
  server.start();
  CHECK(rpc.procedure<int()>("four")() == 4);
}

TEST_CASE("a server with one thread runs coroutines side by side") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  std::atomic<int> running{0};
  RpcServer server{url, {.prefetch = 2, .threads = 1}};
  server.serve("meet", [&](Context& context) -> asio::awaitable<std::string> {
    ++running;
    asio::steady_timer timer{context.executor()};
    for (int i = 0; running < 2 && i < 3'000; ++i) {
      timer.expires_after(10ms);
      co_await timer.async_wait(asio::use_awaitable);
    }
    co_return running == 2 ? "met" : "alone";
  });
  server.start();
  RpcClient rpc{url};
  auto meet = rpc.procedure<std::string()>("meet");
  auto one = meet.async(use_future), other = meet.async(use_future);
  CHECK(one.get() == "met");
  CHECK(other.get() == "met");
}

TEST_CASE("handlers may run on the user's executor") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  asio::thread_pool pool{1};
  const auto thread = asio::post(pool, asio::use_future([] { return std::this_thread::get_id(); })).get();
  {
    RpcServer server{url, {.executor = pool.get_executor()}};
    server.serve("thread", [&] { return std::this_thread::get_id() == thread; });
    server.serve("co_thread", [&]() -> asio::awaitable<bool> { co_return std::this_thread::get_id() == thread; });
    server.start();
    RpcClient rpc{url};
    CHECK(rpc.procedure<bool()>("thread")());
    CHECK(rpc.procedure<bool()>("co_thread")());
  }
  pool.join();
}

TEST_CASE("a server that stops gives back at once what has not begun, while others still run") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  RpcClient rpc{url};
  auto who = rpc.procedure<std::string(int)>("who");
  std::promise<void> go, busy;
  // One thread: the second request is handed to the handlers, and waits for it.
  RpcServer first{url, {.prefetch = 2, .threads = 1}};
  first.serve("who", [&](int) {
    busy.set_value();
    go.get_future().wait();
    return std::string{"first"};
  });
  first.start();
  auto running = who.async(0, use_future);
  busy.get_future().wait();
  std::vector<std::future<std::string>> waiting;
  for (int i = 0; i < 3; ++i) waiting.push_back(who.async(i, use_future));
  first.stop();
  RpcServer second{url};
  second.serve("who", [](int) { return std::string{"second"}; });
  second.start();
  for (auto& call : waiting) CHECK(call.get() == "second");
  go.set_value();
  CHECK(running.get() == "first");
  first.wait();
}

TEST_CASE("a cancelled request is told to stop, and its answer is not sent") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  std::promise<void> busy, stopped;
  RpcServer server{url};
  server.serve("wait", [&](Context& context, int n) {
    if (n > 0) return n;
    busy.set_value();
    wait_for_stop(context);
    stopped.set_value();
    return 0;
  });
  server.start();
  PlainCaller caller{url};
  caller.sends_and_wants_reply("wait", "0", "a");
  busy.get_future().wait();
  caller.cancels("a");
  stopped.get_future().wait();
  CHECK(caller.receives().properties == client::Properties{.correlation_id = "a", .type = "rpc.error"});
  caller.sends_and_wants_reply("wait", "1", "b");
  CHECK(caller.receives() == client::Message{.body = "1", .properties = {.correlation_id = "b"}});
}

TEST_CASE("a cancelled coroutine is cancelled where it waits") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  std::promise<void> busy;
  RpcServer server{url};
  server.serve("wait", [&](Context& context, int n) -> asio::awaitable<int> {
    if (n > 0) co_return n;
    busy.set_value();
    asio::steady_timer timer{context.executor(), 1h};
    co_await timer.async_wait(asio::use_awaitable);
    co_return 0;
  });
  server.start();
  PlainCaller caller{url};
  caller.sends_and_wants_reply("wait", "0", "a");
  busy.get_future().wait();
  caller.cancels("a");
  caller.sends_and_wants_reply("wait", "1", "b");
  CHECK_THAT(caller.receives().body, Catch::Contains("cancelled"));
  CHECK(caller.receives().body == "1");
}

}  // namespace
}  // namespace pocketmq::server
