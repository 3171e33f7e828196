// The test kit's broker with an application on a socket: what it waits for, lets go wrong, and reports.
#include "tests/kit/broker.hpp"

#include "broker/control/testbed.hpp"
#include "client/rpc_client.hpp"
#include "server/rpc_server.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::testkit {
namespace {

using namespace std::chrono_literals;
using Catch::Contains;

// What a test would read.
std::string failure_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Failure& failure) {
    return failure.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("an application's calls are awaited by the broker's account", "[kit]") {
  Broker broker;
  auto scope = broker.scope("twice");
  {
    server::RpcServer server{scope.url()};
    server.serve("twice", [](int n) { return 2 * n; });
    server.start();
    client::RpcClient rpc{scope.url(protocol::Encoding::json)};
    CHECK(rpc.procedure<int(int)>("twice")(21) == 42);
    scope.await(message().to("twice").is(MessageState::acked));
    scope.await(drained());
    scope.await(connections(2));
    scope.expect(message().to("twice").body("21"));
  }
  scope.close();
}

TEST_CASE("a message's day in a queue takes no time", "[kit]") {
  Broker broker;
  auto scope = broker.scope("day", broker::Allowance{}.allow(broker::FindingKind::expired));
  broker.inspect([&](broker::Testbed& testbed) {
    (void)testbed.broker().find_virtual_host(scope.id())->declare_queue({.name = "mail"});
  });
  broker.freeze_clock();
  scope.publish({.routing_key = "mail", .body = "hello", .properties = R"({"expiration": "86400000"})"});
  broker.advance(24h - 1ms);
  scope.await(queue("mail").ready(1));
  broker.advance(1ms);
  scope.await(queue("mail").ready(0));
  scope.expect(message().is(MessageState::expired));
  scope.close();
}

TEST_CASE("a fault cuts an application off and its call is repeated", "[kit]") {
  Broker broker;
  auto scope = broker.scope("cut", broker::Allowance{}.allow(broker::FindingKind::lost));
  {
    server::RpcServer server{scope.url()};
    server.serve("twice", [](int n) { return 2 * n; });
    server.start();
    client::RpcClient rpc{scope.url()};
    const auto twice = rpc.procedure<int(int)>("twice", {.idempotent = true});
    (void)twice(1);
    scope.fault(on("basic.publish").routing_key("twice").nth(1), fault::CutOff{});
    CHECK(twice(21) == 42);
  }
  scope.close();
}

TEST_CASE("a failure says what was there instead", "[kit]") {
  Broker broker;
  auto scope = broker.scope("typo");
  broker.inspect([&](broker::Testbed& testbed) {
    (void)testbed.broker().find_virtual_host(scope.id())->declare_queue({.name = "orders"});
  });
  scope.publish({.routing_key = "ordres", .body = "1"});
  CHECK_THAT(failure_of([&] { scope.await(message().queue("orders"), 10ms); }),
             Contains("'ordres'") && Contains("'orders'"));
  CHECK_THAT(failure_of([&] { scope.expect(message().to("orders")); }), Contains("no message for 'orders'"));
  CHECK(failure_of([&] { scope.expect(message().times(0)); }) == "1 messages, not 0");
  CHECK_THAT(scope.explain("", "ordres"), Contains("'orders'"));
  CHECK_THAT(failure_of([&] { scope.fault(on("basic.pulbish"), fault::Nack{}); }), Contains("basic.publish"));
  CHECK_THAT(failure_of([&] { (void)broker.scope("a b"); }), Contains("a scope's name has"));
  CHECK_THAT(failure_of([&] { scope.close(); }), Contains("'ordres'"));
}

TEST_CASE("a fault that never fires fails its scope", "[kit]") {
  Broker broker;
  auto scope = broker.scope("unfired");
  scope.fault(on("basic.publish").nth(2), fault::Nack{});
  CHECK_THAT(scope.report(), Contains("nack of basic.publish"));
  CHECK_THAT(failure_of([&] { scope.close(); }), Contains("nack of basic.publish"));
}

TEST_CASE("a restart keeps what is durable", "[kit]") {
  Broker broker;
  auto scope = broker.scope("restart",
                            broker::Allowance{}.allow(broker::FindingKind::ready).allow(broker::FindingKind::dropped));
  broker.inspect([&](broker::Testbed& testbed) {
    auto& host = *testbed.broker().find_virtual_host(scope.id());
    (void)host.declare_queue({.name = "durable", .durable = true});
    (void)host.declare_queue({.name = "transient"});
  });
  scope.publish({.routing_key = "durable", .body = "kept", .properties = R"({"delivery_mode": 2})"});
  scope.publish({.routing_key = "transient", .body = "lost"});
  const auto restarted = broker.restart();
  CHECK(restarted.kept.queues == 1);
  CHECK(restarted.kept.messages == 1);
  CHECK(restarted.lost.queues == 1);
  CHECK(restarted.lost.messages == 1);
  scope.await(queue("durable").ready(1));
  scope.close();
}

}  // namespace pocketmq::testkit
