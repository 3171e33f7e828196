// What happens to a procedure's queue before the first request goes there.
#include "client/rpc/queue_preparation.hpp"

#include "tests/client/rpc/rpc_world.hpp"

namespace pocketmq::client {
namespace {

using namespace protocol;

RpcRequest declaring(std::string body, QueueOptions options = QueueOptions::quorum()) {
  return {.queue = "fib", .payload = {std::move(body)}, .declare = std::move(options)};
}

RpcRequest requiring_consumer(std::string body) {
  return {.queue = "fib", .payload = {std::move(body)}, .require_consumer = true};
}

TEST_CASE("a queue is declared once, on a channel of its own, before its first request") {
  RpcWorld world{any_encoding()};
  world.calls(declaring("1"));
  world.calls(declaring("2"));
  CHECK(world.hears_channel_opened() == 2);
  const auto declare = world.peer->hears<queue::Declare>(2);
  CHECK(declare.queue == "fib");
  CHECK(declare.durable);
  CHECK(declare.arguments.find("x-queue-type")->string() == "quorum");
  CHECK(world.peer->hears_nothing());

  world.peer->now += 400ms;
  world.peer->says(2, queue::DeclareOk{.queue = "fib"});
  const auto first = world.hears_request("fib", "1");
  CHECK(first.expiration == ShortString{"600"});
  CHECK(first.headers->find("x-rpc-deadline")->integer() == 1'700'000'001'000);
  world.hears_request("fib", "2");
  world.calls(declaring("3"));
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
  world.calls("fac", "3");
  world.hears_request("fac", "3");
  world.calls(declaring("1", QueueOptions::use_existing()));
  world.hears_channel_opened();
  CHECK(world.peer->hears<queue::Declare>(2).passive);
  world.peer->says(2, channel::Close{.reply_code = c.reply_code, .reply_text = "sorry"});
  world.peer->hears<channel::CloseOk>(2);
  CHECK(world.outcome.results == Strings{c.error});
  world.replies(1, "6");
  CHECK(world.outcome.results == Strings{c.error, "6"});

  world.calls(declaring("1"));  // it may be there by now
  CHECK(world.hears_channel_opened() == 2);
}

TEST_CASE("a call whose time ends before its queue is declared is not sent") {
  RpcWorld world{any_encoding()};
  world.calls(declaring("1"));
  world.hears_channel_opened();
  world.peer->hears<queue::Declare>(2);
  world.advance(1s);
  CHECK(world.outcome.results == Strings{"deadline_exceeded: no reply from 'fib' in time"});
  world.peer->says(2, queue::DeclareOk{.queue = "fib"});
  CHECK(world.peer->hears_nothing());
}

TEST_CASE("a new connection's broker is told of the queues again") {
  RpcWorld world{any_encoding()};
  world.calls(declaring("1"));
  world.hears_channel_opened();
  world.peer->hears<queue::Declare>(2);
  world.vanishes();
  CHECK(world.outcome.results.empty());  // it was never sent
  world.connects();
  const auto channel = world.hears_channel_opened();
  world.peer->hears<queue::Declare>(channel);
  world.peer->says(channel, queue::DeclareOk{.queue = "fib"});
  world.hears_request("fib", "1");
  world.vanishes();
  world.connects();
  world.calls(declaring("2"));
  CHECK(world.hears_channel_opened() == 2);
  CHECK(world.peer->hears<queue::Declare>(2).durable);
}

TEST_CASE("a request that was sent once waits for connections as long as it has time") {
  RpcWorld world{any_encoding(), {.connection_wait = 3s}};
  auto request = requiring_consumer("1");
  request.timeout = 10s;
  request.idempotent = true;
  world.calls(std::move(request));
  world.hears_channel_opened();
  world.peer->hears<queue::Declare>(2);
  world.peer->says(2, queue::DeclareOk{.queue = "fib", .consumer_count = 1});
  world.hears_request("fib", "1");
  world.vanishes();
  world.connects();
  world.hears_channel_opened();  // the consumer is asked for again
  world.vanishes();
  world.advance(4s);
  CHECK(world.outcome.results.empty());
  world.advance(6s);
  REQUIRE(world.outcome.results.size() == 1);
  CHECK_THAT(world.outcome.results[0], Catch::StartsWith("unavailable (connection_lost): no connection"));
}

TEST_CASE("a call that wants a consumer asks for one, each time") {
  RpcWorld world{any_encoding()};
  world.calls(requiring_consumer("1"));
  CHECK(world.hears_channel_opened() == 2);
  CHECK(world.peer->hears<queue::Declare>(2).passive);
  world.peer->says(2, queue::DeclareOk{.queue = "fib", .consumer_count = 1});
  world.hears_request("fib", "1");

  world.calls(requiring_consumer("2"));
  CHECK(world.peer->hears<queue::Declare>(2).passive);
  world.peer->says(2, queue::DeclareOk{.queue = "fib", .consumer_count = 0});
  CHECK(world.outcome.results
        == Strings{"unavailable (no_consumer): nobody consumes the queue 'fib'; is its server running?"});
  CHECK(world.peer->hears_nothing());
}

TEST_CASE("a call that wants a consumer fails where there is no queue") {
  RpcWorld world{any_encoding()};
  world.calls(requiring_consumer("1"));
  world.hears_channel_opened();
  world.peer->hears<queue::Declare>(2);
  world.peer->says(2, channel::Close{.reply_code = 404, .reply_text = "no queue 'fib' in vhost '/'"});
  CHECK(world.outcome.results == Strings{"unavailable (no_queue): queue 'fib': no queue 'fib' in vhost '/'"});
}

TEST_CASE("a declaration tells whether there is a consumer") {
  RpcWorld world{any_encoding()};
  auto request = declaring("1");
  request.require_consumer = true;
  world.calls(std::move(request));
  world.calls(declaring("2"));
  world.hears_channel_opened();
  CHECK_FALSE(world.peer->hears<queue::Declare>(2).passive);
  world.peer->says(2, queue::DeclareOk{.queue = "fib", .consumer_count = 0});
  CHECK(world.outcome.results.size() == 1);
  world.hears_request("fib", "2");
}

}  // namespace
}  // namespace pocketmq::client
