#include "server/server_core.hpp"

#include "tests/client/scripted_peer.hpp"

namespace pocketmq::server {
namespace {

using namespace protocol;
using client::any_encoding;
using client::CloseReason;
using client::RpcCode;
using client::ScriptedPeer;

// The tags of the first two consumers on channel 1.
constexpr std::string_view c_fib = "ctag1.1", c_fac = "ctag1.2";

// A server of "fib" and "fac" on a scripted broker.
struct ServerWorld {
  explicit ServerWorld(Encoding encoding) : peer{ScriptedPeer::open(encoding)} {
    server.open(
        {{"fib", {}}, {"fac", {.durable = true}}}, 3,
        [this](Request request) { requests.push_back(std::move(request)); },
        [this](const CloseReason& reason) { lost.push_back(reason.text); },
        [this](const CloseReason& reason) { opened.push_back(reason.text); });
    if (encoding == Encoding::amqp) {
      peer.hears<channel::Open>(1);
      peer.says(1, channel::OpenOk{});
    }
    CHECK(peer.hears<basic::Qos>(1) == basic::Qos{.prefetch_count = 3});
    CHECK(peer.hears<queue::Declare>(1) == queue::Declare{.queue = "fib"});
    CHECK(hears_consume("fib") == c_fib);
    CHECK(peer.hears<queue::Declare>(1) == queue::Declare{.queue = "fac", .durable = true});
    CHECK(hears_consume("fac") == c_fac);
  }
  ~ServerWorld() { peer.vanishes(); }

  std::string hears_consume(std::string_view queue) {
    const auto consume = peer.hears<basic::Consume>(1);
    CHECK(consume.queue == queue);
    CHECK_FALSE(consume.no_ack);
    return std::string{consume.consumer_tag};
  }

  void opens() {
    peer.says(1, basic::QosOk{});
    peer.says(1, queue::DeclareOk{.queue = "fib"});
    peer.says(1, basic::ConsumeOk{.consumer_tag = c_fib});
    peer.says(1, queue::DeclareOk{.queue = "fac"});
    CHECK(opened.empty());
    peer.says(1, basic::ConsumeOk{.consumer_tag = c_fac});
    CHECK(opened == std::vector<std::string>{""});
  }

  void delivers(std::string_view consumer, std::uint64_t tag, std::string_view body,
                const BasicProperties& properties) {
    std::string encoded;
    encode(properties, encoded);
    peer.says(1, basic::Deliver{.consumer_tag = consumer, .delivery_tag = tag},
              Content{.properties = Properties{encoded}, .body = body});
  }

  BasicProperties hears_reply(std::string_view reply_to, std::string_view body) {
    const auto publish = peer.hears<basic::Publish>(1);
    CHECK(publish.exchange.empty());
    CHECK(publish.routing_key == reply_to);
    CHECK_FALSE(publish.mandatory);
    CHECK(peer.heard.content->body == body);
    return peer.heard.content->properties.decode();
  }

  ScriptedPeer peer;
  ServerCore server{*peer.client};
  std::vector<Request> requests;
  std::vector<std::string> opened, lost;
};

TEST_CASE("a request is answered with its correlation id, and acked after that") {
  ServerWorld world{any_encoding()};
  world.opens();
  world.delivers(c_fac, 1, "3", {.correlation_id = "id 1", .reply_to = "amq.gen-x"});
  REQUIRE(world.requests.size() == 1);
  CHECK(world.requests[0].procedure == 1);
  CHECK(world.requests[0].body == "3");
  CHECK_FALSE(world.requests[0].deadline);

  world.server.reply(world.requests[0], {"6"});
  const auto properties = world.hears_reply("amq.gen-x", "6");
  CHECK(properties.correlation_id == ShortString{"id 1"});
  CHECK_FALSE(properties.type);
  CHECK_FALSE(properties.content_type);
  CHECK(world.peer.hears<basic::Ack>(1).delivery_tag == 1);
}

TEST_CASE("a failure is an error reply, and acked: it is never requeued") {
  ServerWorld world{any_encoding()};
  world.opens();
  world.delivers(c_fib, 1, "x", {.reply_to = "amq.gen-x"});
  world.server.fail(world.requests.at(0), {RpcCode::invalid_argument, "no number"});
  const auto properties = world.hears_reply("amq.gen-x", R"({"code":"invalid_argument","message":"no number"})");
  CHECK(properties.type == ShortString{"rpc.error"});
  CHECK_FALSE(properties.correlation_id);
  CHECK(world.peer.hears<basic::Ack>(1).delivery_tag == 1);
}

TEST_CASE("a request that wants no reply gets none, and is acked") {
  ServerWorld world{any_encoding()};
  world.opens();
  world.delivers(c_fib, 1, "1", {.correlation_id = "1"});
  world.delivers(c_fib, 2, "x", {.correlation_id = "2"});
  world.server.reply(world.requests.at(0), {"1"});
  world.server.fail(world.requests.at(1), {RpcCode::internal, "oops"});
  CHECK(world.peer.hears<basic::Ack>(1).delivery_tag == 1);
  CHECK(world.peer.hears<basic::Ack>(1).delivery_tag == 2);
}

TEST_CASE("a request brings its caller's deadline") {
  ServerWorld world{any_encoding()};
  world.opens();
  const auto with_deadline = [&](std::uint64_t tag, std::int64_t milliseconds) {
    FieldTableWriter headers;
    headers.int64("x-rpc-deadline", milliseconds);
    world.delivers(c_fib, tag, "1", {.headers = headers.table()});
    return world.requests.back().deadline;
  };
  CHECK(with_deadline(1, 1'700'000'000'000) == client::WallTime{std::chrono::milliseconds{1'700'000'000'000}});
  CHECK_FALSE(with_deadline(2, std::numeric_limits<std::int64_t>::max()));
  CHECK_FALSE(with_deadline(3, -1));
  FieldTableWriter odd;
  odd.string("x-rpc-deadline", "soon");
  world.delivers(c_fib, 4, "1", {.headers = odd.table()});
  CHECK_FALSE(world.requests.back().deadline);
}

TEST_CASE("a refused declaration is why the server does not open") {
  ServerWorld world{any_encoding()};
  world.peer.says(1, basic::QosOk{});
  world.peer.says(1, channel::Close{.reply_code = 406, .reply_text = "PRECONDITION_FAILED - differs"});
  CHECK(world.opened == std::vector<std::string>{"PRECONDITION_FAILED - differs"});
  world.peer.vanishes();
  CHECK(world.opened.size() == 1);
  CHECK(world.lost.empty());
}

TEST_CASE("an open server says once that it lost its connection, or a queue") {
  ServerWorld gone{any_encoding()};
  gone.opens();
  gone.peer.vanishes();
  CHECK(gone.lost.size() == 1);

  ServerWorld deleted{any_encoding()};
  deleted.opens();
  deleted.peer.says(1, basic::Cancel{.consumer_tag = c_fac});
  CHECK(deleted.lost == std::vector<std::string>{"the queue 'fac' was deleted"});
  deleted.peer.vanishes();
  CHECK(deleted.lost.size() == 1);
}

TEST_CASE("a stopped server cancels its consumers and loses nothing") {
  ServerWorld world{any_encoding()};
  world.opens();
  world.server.stop();
  world.server.stop();
  CHECK(world.peer.hears<basic::Cancel>(1).consumer_tag == c_fib);
  CHECK(world.peer.hears<basic::Cancel>(1).consumer_tag == c_fac);
  CHECK(world.peer.hears_nothing());
  world.peer.vanishes();
  CHECK(world.lost.empty());
}

}  // namespace
}  // namespace pocketmq::server
