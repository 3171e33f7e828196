#include "client/rpc_core.hpp"

#include "tests/client/scripted_peer.hpp"

namespace pocketmq::client {
namespace {

using namespace protocol;

constexpr WallTime wall{std::chrono::milliseconds{1'700'000'000'000}};

// What a call came to: its body, or its error's text.
struct Calls {
  std::vector<std::string> results;

  auto record() {
    return [this](const RpcResult& result) { results.push_back(result.error ? result.error->what() : result.body); };
  }
};

// A client with an open callback queue on a scripted broker.
struct RpcWorld {
  explicit RpcWorld(Encoding encoding) : peer{ScriptedPeer::open(encoding)} {
    Outcome opened;
    rpc.open(*peer.client, opened.record());
    if (encoding == Encoding::amqp) {
      peer.hears<channel::Open>(1);
      peer.says(1, channel::OpenOk{});
    }
    const auto declare = peer.hears<queue::Declare>(1);
    CHECK(declare.queue.empty());
    CHECK(declare.exclusive);
    peer.says(1, queue::DeclareOk{.queue = "amq.gen-1"});
    const auto consume = peer.hears<basic::Consume>(1);
    CHECK(consume.queue == "amq.gen-1");
    CHECK(consume.no_ack);
    CHECK(opened.times == 0);
    consumer_tag = consume.consumer_tag;
    peer.says(1, basic::ConsumeOk{.consumer_tag = consumer_tag});
    REQUIRE(opened.times == 1);
    REQUIRE_FALSE(opened.error);
  }
  ~RpcWorld() {
    rpc.close({RpcCode::cancelled, "the test is over"});
    peer.vanishes();
  }

  void calls(const std::string& queue, const std::string& body, std::chrono::milliseconds timeout = 1s) {
    rpc.call({.queue = queue, .payload = {body}, .timeout = timeout}, peer.now, wall, outcome.record());
  }

  BasicProperties hears_request(std::string_view queue, std::string_view body) {
    const auto publish = peer.hears<basic::Publish>(1);
    CHECK(publish.exchange.empty());
    CHECK(publish.routing_key == queue);
    CHECK(publish.mandatory);
    CHECK(peer.heard.content->body == body);
    return peer.heard.content->properties.decode();
  }

  void replies(std::string_view correlation_id, std::string_view body, std::string_view type = {}) {
    BasicProperties properties{.correlation_id = correlation_id};
    if (!type.empty()) properties.type = type;
    std::string encoded;
    encode(properties, encoded);
    peer.says(1,
              basic::Deliver{.consumer_tag = consumer_tag, .delivery_tag = ++delivery_tag, .routing_key = "amq.gen-1"},
              Content{.properties = Properties{encoded}, .body = body});
  }

  void advance(std::chrono::milliseconds by) {
    const auto until = peer.now + by;
    while (rpc.deadline() <= until) {
      peer.advance(std::chrono::ceil<std::chrono::milliseconds>(rpc.deadline() - peer.now));
      rpc.tick(peer.now);
    }
    peer.advance(std::chrono::ceil<std::chrono::milliseconds>(until - peer.now));
  }

  ScriptedPeer peer;
  RpcCore rpc{[] {}};
  Calls outcome;
  std::string consumer_tag;
  std::uint64_t delivery_tag{0};
};

using Strings = std::vector<std::string>;

TEST_CASE("a request is what the tutorial sends, with its time") {
  RpcWorld world{any_encoding()};
  world.calls("fib", "30", 1'500ms);
  const auto properties = world.hears_request("fib", "30");
  CHECK(properties.reply_to == ShortString{"amq.gen-1"});
  CHECK(properties.correlation_id == ShortString{"1"});
  CHECK(properties.expiration == ShortString{"1500"});
  CHECK(properties.headers->find("x-rpc-deadline")->integer() == 1'700'000'001'500);
  CHECK_FALSE(properties.content_type);

  world.replies("1", "832040");
  CHECK(world.outcome.results == Strings{"832040"});
  CHECK(world.rpc.pending_calls() == 0);
  CHECK(world.rpc.deadline() == TimePoint::max());
}

TEST_CASE("a call without a time-out carries no time") {
  RpcWorld world{any_encoding()};
  world.calls("fib", "30", no_timeout);
  const auto properties = world.hears_request("fib", "30");
  CHECK_FALSE(properties.expiration);
  CHECK_FALSE(properties.headers);
  CHECK(world.rpc.deadline() == TimePoint::max());
  world.replies("1", "832040");
  CHECK(world.outcome.results == Strings{"832040"});
}

TEST_CASE("a time-out under a millisecond is sent as one") {
  RpcWorld world{any_encoding()};
  world.calls("fib", "30", 1ms);
  CHECK(world.hears_request("fib", "30").expiration == ShortString{"1"});
}

TEST_CASE("replies find their calls in any order") {
  RpcWorld world{any_encoding()};
  world.calls("fib", "10");
  world.calls("fib", "20");
  world.calls("fac", "3");
  world.hears_request("fib", "10");
  CHECK(world.hears_request("fib", "20").correlation_id == ShortString{"2"});
  world.hears_request("fac", "3");
  world.replies("3", "6");
  world.replies("1", "55");
  world.replies("2", "6765");
  CHECK(world.outcome.results == Strings{"6", "55", "6765"});
}

TEST_CASE("replies to nobody are dropped and counted") {
  RpcWorld world{any_encoding()};
  world.calls("fib", "10");
  world.replies("1", "55");
  for (const auto* id : {"1", "2", "", "01", "1x", "-1", "99999999999999999999", "none of ours"})
    world.replies(id, "0");
  CHECK(world.outcome.results == Strings{"55"});
  CHECK(world.rpc.dropped_replies() == 8);
}

TEST_CASE("an error reply is an error with its code") {
  RpcWorld world{any_encoding()};
  for (int i = 0; i < 4; ++i) world.calls("fib", "-1");
  world.replies("1", R"({"code":"invalid_argument","message":"argument 1: negative"})", "rpc.error");
  world.replies("2", R"({"code":"from the future","message":"?"})", "rpc.error");
  world.replies("3", "30", "rpc.error");
  world.replies("4", R"({"code":"invalid_argument","message":"just a value"})");
  CHECK(world.outcome.results
        == Strings{"invalid_argument: argument 1: negative", "unknown: ?", "internal: an error reply without a code",
                   R"({"code":"invalid_argument","message":"just a value"})"});
}

TEST_CASE("a request that comes back has no queue") {
  RpcWorld world{any_encoding()};
  world.calls("fib", "10");
  const auto publish = world.peer.hears<basic::Publish>(1);
  std::string properties{world.peer.heard.content->properties.encoded()};
  world.peer.says(1, basic::Return{.reply_code = 312, .reply_text = "NO_ROUTE", .routing_key = publish.routing_key},
                  Content{.properties = Properties{properties}, .body = "10"});
  REQUIRE(world.outcome.results.size() == 1);
  CHECK(world.outcome.results[0] == "unavailable (no_queue): there is no queue 'fib'; is its server running?");
  CHECK(world.rpc.pending_calls() == 0);
}

TEST_CASE("the caller's own timer ends a call, and its reply comes too late") {
  RpcWorld world{any_encoding()};
  world.calls("slow", "1", 2s);
  world.calls("fast", "2", 1s);
  world.advance(999ms);
  CHECK(world.outcome.results.empty());
  world.advance(1ms);
  CHECK(world.outcome.results == Strings{"deadline_exceeded: no reply from 'fast' in time"});
  world.advance(1s);
  CHECK(world.outcome.results.size() == 2);
  world.replies("1", "x");
  CHECK(world.outcome.results.size() == 2);
  CHECK(world.rpc.dropped_replies() == 1);
}

TEST_CASE("a call without time is not made") {
  RpcWorld world{any_encoding()};
  world.calls("fib", "1", 0ms);
  world.calls("fib", "1", -5ms);
  CHECK(world.peer.hears_nothing());
  CHECK(world.outcome.results == Strings(2, "deadline_exceeded: there was no time left for the call"));
}

TEST_CASE("a queue's name is not too long") {
  RpcWorld world{any_encoding()};
  world.calls(std::string(256, 'q'), "1");
  CHECK(world.peer.hears_nothing());
  REQUIRE(world.outcome.results.size() == 1);
  CHECK_THAT(world.outcome.results[0], Catch::StartsWith("invalid_argument: "));
}

TEST_CASE("calls under way are lost with the connection, later ones fail at once") {
  RpcWorld world{any_encoding()};
  world.calls("fib", "1");
  world.calls("fib", "2");
  world.peer.vanishes();
  world.calls("fib", "3");
  CHECK(world.outcome.results.size() == 3);
  for (const auto& result : world.outcome.results)
    CHECK_THAT(result, Catch::StartsWith("unavailable (connection_lost): the broker closed the connection"));
  CHECK(world.rpc.pending_calls() == 0);
}

TEST_CASE("closing completes calls as cancelled, and later ones too") {
  RpcWorld world{any_encoding()};
  world.calls("fib", "1");
  world.rpc.close({RpcCode::cancelled, "gone"});
  world.calls("fib", "2");
  CHECK(world.outcome.results == Strings(2, "cancelled: gone"));
  world.advance(2s);
  CHECK(world.outcome.results.size() == 2);
}

TEST_CASE("a call that is completed may call again") {
  RpcWorld world{any_encoding()};
  world.rpc.call({.queue = "fib", .payload = {"1"}, .timeout = 1s}, world.peer.now, wall,
                 [&](const RpcResult&) { world.calls("fib", "2"); });
  world.replies("1", "1");
  world.hears_request("fib", "1");
  world.hears_request("fib", "2");
  world.replies("2", "2");
  CHECK(world.outcome.results == Strings{"2"});
}

TEST_CASE("a queue is declared once, on a channel of its own, before its first request") {
  RpcWorld world{any_encoding()};
  const auto calls = [&](std::string body) {
    world.rpc.call({.queue = "fib", .payload = {std::move(body)}, .timeout = 1s, .declare = QueueOptions::quorum()},
                   world.peer.now, wall, world.outcome.record());
  };
  calls("1");
  calls("2");
  world.peer.hears<channel::Open>(2);
  CHECK(world.peer.hears_nothing());
  world.peer.says(2, channel::OpenOk{});
  const auto declare = world.peer.hears<queue::Declare>(2);
  CHECK(declare.queue == "fib");
  CHECK(declare.durable);
  CHECK(declare.arguments.find("x-queue-type")->string() == "quorum");
  CHECK(world.peer.hears_nothing());

  world.peer.now += 400ms;
  world.peer.says(2, queue::DeclareOk{.queue = "fib"});
  world.peer.hears<channel::Close>(2);
  const auto first = world.hears_request("fib", "1");
  CHECK(first.expiration == ShortString{"600"});
  CHECK(first.headers->find("x-rpc-deadline")->integer() == 1'700'000'001'000);
  world.hears_request("fib", "2");
  calls("3");
  world.hears_request("fib", "3");
}

TEST_CASE("calls fail when their queue cannot be declared, and no others") {
  struct Case {
    std::uint16_t reply_code;
    std::string error;
  };
  const auto c = GENERATE(Case{404, "unavailable (no_queue): queue 'fib': sorry"},
                          Case{403, "permission_denied: queue 'fib': sorry"},
                          Case{406, "failed_precondition: queue 'fib': sorry"});
  RpcWorld world{any_encoding()};
  const auto calls = [&] {
    world.rpc.call({.queue = "fib", .payload = {"1"}, .timeout = 1s, .declare = QueueOptions::use_existing()},
                   world.peer.now, wall, world.outcome.record());
  };
  world.calls("fac", "3");
  world.hears_request("fac", "3");
  calls();
  world.peer.hears<channel::Open>(2);
  world.peer.says(2, channel::OpenOk{});
  CHECK(world.peer.hears<queue::Declare>(2).passive);
  world.peer.says(2, channel::Close{.reply_code = c.reply_code, .reply_text = "sorry"});
  world.peer.hears<channel::CloseOk>(2);
  CHECK(world.outcome.results == Strings{c.error});
  world.replies("1", "6");
  CHECK(world.outcome.results == Strings{c.error, "6"});

  calls();  // it may be there by now
  world.peer.hears<channel::Open>(2);
}

TEST_CASE("a call whose time ends before its queue is declared is not sent") {
  RpcWorld world{any_encoding()};
  world.rpc.call({.queue = "fib", .payload = {"1"}, .timeout = 1s, .declare = QueueOptions{}}, world.peer.now, wall,
                 world.outcome.record());
  world.peer.hears<channel::Open>(2);
  world.peer.says(2, channel::OpenOk{});
  world.peer.hears<queue::Declare>(2);
  world.advance(1s);
  CHECK(world.outcome.results == Strings{"deadline_exceeded: no reply from 'fib' in time"});
  world.peer.says(2, queue::DeclareOk{.queue = "fib"});
  world.peer.hears<channel::Close>(2);
  CHECK(world.peer.hears_nothing());
}

}  // namespace
}  // namespace pocketmq::client
