// What a server lives through: brokers and queues that go, requests that come again.
#include <atomic>
#include <future>
#include <optional>

#include <asio/use_future.hpp>

#include "broker/embedded.hpp"
#include "server/rpc_server.hpp"
#include "tests/server/plain_caller.hpp"
#include "tests/support/broker_under_test.hpp"

namespace pocketmq::server {
namespace {

using namespace std::chrono_literals;
using asio::use_future;
using client::any_encoding;

constexpr client::ReconnectOptions at_once{.backoff_min = 1ms, .backoff_max = 4ms};

TEST_CASE("a server whose broker goes serves on at the next one, and says what happened", "[own broker]") {
  std::optional<broker::Embedded> first{std::in_place};
  broker::Embedded second;
  const auto encoding = any_encoding();
  std::promise<std::string> lost, back;
  RpcServer server{{first->url(encoding), second.url(encoding)},
                   {.on_trouble =
                        [&, told = 0](const std::string& what) mutable {
                          ++told;
                          if (told == 1) lost.set_value(what);
                          if (told == 2) back.set_value(what);
                        },
                    .reconnect = at_once}};
  server.serve("twice", [](int n) { return 2 * n; });
  server.serve("again", [](int n) { return n; });
  server.start();
  {
    PlainCaller caller{first->url(encoding)};
    caller.sends_and_wants_reply("twice", "1", "1");
    CHECK(caller.receives().body == "2");
  }
  first.reset();
  const std::string why = lost.get_future().get();
  CHECK_THAT(why, Catch::StartsWith("lost the broker, trying again: "));
  CHECK(why.size() > std::string_view{"lost the broker, trying again: "}.size());
  CHECK(back.get_future().get() == "the broker is back, serving again");
  PlainCaller caller{second.url(encoding)};
  caller.channel().declare_queue("twice", {}, use_future).get();  // whoever comes first
  caller.channel().declare_queue("again", {}, use_future).get();
  caller.sends_and_wants_reply("twice", "4", "1");
  CHECK(caller.receives().body == "8");
  caller.sends_and_wants_reply("again", "4", "1");
  CHECK(caller.receives().body == "4");
}

TEST_CASE("a request that runs when its broker goes is told to stop, and the server goes on", "[own broker]") {
  std::optional<broker::Embedded> first{std::in_place};
  broker::Embedded second;
  const auto encoding = any_encoding();
  std::promise<void> busy, stopped;
  RpcServer server{{first->url(encoding), second.url(encoding)}, {.reconnect = at_once}};
  server.serve("work", [&](Context& context, int n) {
    if (n > 0) return n;
    busy.set_value();
    wait_for_stop(context);
    stopped.set_value();
    return 0;
  });
  server.start();
  {
    PlainCaller caller{first->url(encoding)};
    caller.sends_and_wants_reply("work", "0", "1");
    busy.get_future().wait();
  }
  first.reset();
  stopped.get_future().wait();
  PlainCaller caller{second.url(encoding)};
  caller.channel().declare_queue("work", {}, use_future).get();
  caller.sends_and_wants_reply("work", "1", "1");
  CHECK(caller.receives().body == "1");
}

TEST_CASE("a deleted queue is declared and served again") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  std::promise<std::string> trouble;
  RpcServer server{url, {.on_trouble = [&](const std::string& why) { trouble.set_value(why); }}};
  server.serve("q", [](int n) { return n; });
  server.start();
  PlainCaller caller{url};
  caller.channel().delete_queue("q", client::If::any, use_future).get();
  CHECK(trouble.get_future().get() == "the queue 'q' was deleted, or moved");
  caller.channel().declare_queue("q", {}, use_future).get();
  caller.sends_and_wants_reply("q", "5", "1");
  CHECK(caller.receives().body == "5");
}

TEST_CASE("a repeated request runs once, and is answered each time") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  std::atomic<int> runs{0};
  std::promise<void> go;
  auto gone = go.get_future().share();
  RpcServer server{url, {.prefetch = 10}};
  server.serve("count",
               [&] {
                 gone.wait();
                 return ++runs;
               },
               {.deduplicate = 1h});
  server.start();
  PlainCaller caller{url};
  const auto repeats = [&](const std::string& id) {
    caller.sends_and_wants_reply("count", {.properties = {.correlation_id = id, .message_id = "the same"}});
  };
  repeats("1");
  repeats("2");
  go.set_value();
  CHECK(caller.receives() == client::Message{.body = "1", .properties = {.correlation_id = "1"}});
  CHECK(caller.receives() == client::Message{.body = "1", .properties = {.correlation_id = "2"}});
  repeats("3");
  CHECK(caller.receives() == client::Message{.body = "1", .properties = {.correlation_id = "3"}});
  CHECK(runs == 1);
}

TEST_CASE("a request that was delivered before is refused, where that is the policy") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  PlainCaller caller{url};
  caller.channel().declare_queue("once", {}, use_future).get();
  caller.sends_and_wants_reply("once", "1", "1");
  const auto got = caller.channel().get("once", false, use_future).get();
  caller.channel().nack(got->delivery_tag, client::Requeue::yes, client::Upto::this_one, use_future).get();
  std::atomic<int> runs{0};
  RpcServer server{url};
  server.serve("once", [&](int n) { return runs += n; }, {.redelivery = RedeliveryPolicy::refuse});
  server.start();
  const auto refused = caller.receives();
  CHECK(refused.properties.type == "rpc.error");
  CHECK_THAT(refused.body, Catch::Contains(R"("code":"aborted")"));
  caller.sends_and_wants_reply("once", "1", "2");
  CHECK(caller.receives().body == "1");
}

}  // namespace
}  // namespace pocketmq::server
