// What becomes of calls when their connection is lost and another one comes.
#include "tests/client/rpc/rpc_world.hpp"

namespace pocketmq::client {
namespace {

using namespace protocol;

RpcRequest idempotent(std::string queue, std::string body, std::chrono::milliseconds timeout = 10s) {
  return {.queue = std::move(queue), .payload = {std::move(body)}, .timeout = timeout, .idempotent = true};
}

TEST_CASE("calls under way are lost with the connection, and later ones go over the next") {
  RpcWorld world{any_encoding()};
  world.calls("fib", "1");
  world.calls("fib", "2");
  world.vanishes();
  CHECK(world.outcome.results.size() == 2);
  for (const auto& result : world.outcome.results)
    CHECK_THAT(result, Catch::StartsWith("unavailable (connection_lost): the broker closed the connection"));
  CHECK(world.rpc.pending_calls() == 0);

  world.calls("fib", "3");
  world.connects();
  CHECK(world.opened.times == 2);
  CHECK(world.hears_request("fib", "3").reply_to == ShortString{"amq.gen-2"});
  world.replies(3, "two");
  CHECK(world.outcome.results.back() == "two");
}

TEST_CASE("a call waits for a connection so long, but not longer than its own time") {
  RpcWorld world{any_encoding(), {.connection_wait = 3s}};
  world.vanishes();
  world.calls("fib", "1", 10s);
  world.calls("fib", "2", 1s);
  world.calls("fib", "3", no_timeout);
  world.advance(1s);
  REQUIRE(world.outcome.results.size() == 1);
  world.advance(1'999ms);
  CHECK(world.outcome.results.size() == 1);
  world.advance(1ms);
  REQUIRE(world.outcome.results.size() == 3);
  for (const auto& result : world.outcome.results)
    CHECK_THAT(result, Catch::StartsWith("unavailable (connection_lost): no connection to the broker in time: the "
                                         "broker closed the connection"));
  CHECK(world.rpc.pending_calls() == 0);
  world.connects();
  CHECK(world.peer->hears_nothing());
}

TEST_CASE("a call that waited in vain says why the last attempt to connect failed, however short its time was") {
  RpcWorld world{any_encoding()};
  world.vanishes();
  world.rpc.connecting_failed({std::make_error_code(std::errc::connection_refused), "Connection refused"});
  world.calls("fib", "1", 1ms);
  world.advance(1ms);
  CHECK(world.outcome.results
        == Strings{"unavailable (connection_lost): no connection to the broker in time: Connection refused"});
}

TEST_CASE("a call whose time is over before the first connection opens is not told that a server was slow") {
  RpcCore rpc{{}, [] {}};
  Calls outcome;
  const TimePoint begun{1h};
  rpc.call({.queue = "fib", .timeout = 1ms}, begun, wall, outcome.record());
  CHECK(rpc.deadline() == begun + 1ms);
  rpc.tick(begun + 1ms);
  CHECK(outcome.results
        == Strings{"unavailable (connection_lost): no connection to the broker in time: none has opened yet"});
}

TEST_CASE("an idempotent request is sent again, as the same one, with the time that is left") {
  RpcWorld world{any_encoding()};
  world.calls(idempotent("fib", "30"));
  const auto first = world.hears_request("fib", "30");
  CHECK(first.expiration == ShortString{"10000"});
  world.vanishes();
  CHECK(world.outcome.results.empty());
  world.advance(6s);  // longer than a call would wait that was never sent
  world.connects();
  const auto second = world.hears_request("fib", "30");
  CHECK(second.correlation_id == ShortString{world.id(1)});
  CHECK(second.message_id == ShortString{world.ids_of(1).message_id});
  CHECK(second.reply_to == ShortString{"amq.gen-2"});
  CHECK(second.expiration == ShortString{"4000"});
  CHECK(second.headers->find("x-rpc-deadline")->integer() == 1'700'000'010'000);
  world.replies(1, "832040");
  CHECK(world.outcome.results == Strings{"832040"});
  CHECK(world.rpc.pending_calls() == 0);
}

TEST_CASE("an idempotent request that is sent again waits for its server, which may not be back yet") {
  RpcWorld world{any_encoding()};
  world.calls(idempotent("fib", "30"));
  world.hears_request("fib", "30");
  world.vanishes();
  world.connects();
  for (int i = 0; i < 3; ++i) {
    CHECK(world.hears_request("fib", "30").correlation_id == ShortString{world.id(1)});
    world.returns("fib");
    world.advance(99ms);
    CHECK(world.peer->hears_nothing());
    world.advance(1ms);
  }
  world.hears_request("fib", "30");
  CHECK(world.outcome.results.empty());
  world.replies(1, "832040");
  CHECK(world.outcome.results == Strings{"832040"});
}

TEST_CASE("an idempotent request whose server does not come back fails within its time") {
  RpcWorld world{any_encoding()};
  world.calls(idempotent("fib", "30", 250ms));
  world.hears_request("fib", "30");
  world.vanishes();
  world.connects();
  for (int i = 0; i < 3; ++i) {
    world.hears_request("fib", "30");
    world.returns("fib");
    world.advance(100ms);
  }
  CHECK(world.outcome.results == Strings{"unavailable (no_queue): there is no queue 'fib'; is its server running?"});
  CHECK(world.rpc.pending_calls() == 0);
}

TEST_CASE("a server that lost its connection has as long to come back as a call waits for a connection") {
  RpcWorld world{any_encoding(), {.connection_wait = 200ms}};
  world.calls(idempotent("fib", "30", no_timeout));
  world.hears_request("fib", "30");
  world.vanishes();
  world.connects();
  for (int i = 0; i < 2; ++i) {
    world.hears_request("fib", "30");
    world.returns("fib");
    world.advance(100ms);
  }
  world.hears_request("fib", "30");
  CHECK(world.outcome.results.empty());
  world.returns("fib");
  CHECK(world.outcome.results == Strings{"unavailable (no_queue): there is no queue 'fib'; is its server running?"});
}

TEST_CASE("an idempotent request that waits for its server outlives the next connection as well") {
  RpcWorld world{any_encoding()};
  world.calls(idempotent("fib", "30"));
  world.hears_request("fib", "30");
  world.vanishes();
  world.connects();
  world.hears_request("fib", "30");
  world.returns("fib");
  world.vanishes();
  world.connects();
  world.hears_request("fib", "30");
  CHECK(world.outcome.results.empty());
}

TEST_CASE("an idempotent request for which there is no queue at first fails at once") {
  RpcWorld world{any_encoding()};
  world.calls(idempotent("fib", "30"));
  world.hears_request("fib", "30");
  world.returns("fib");
  CHECK(world.outcome.results == Strings{"unavailable (no_queue): there is no queue 'fib'; is its server running?"});
}

TEST_CASE("an idempotent call whose time ends without a connection is not sent again") {
  RpcWorld world{any_encoding()};
  world.calls(idempotent("fib", "30", 2s));
  world.vanishes();
  world.advance(2s);
  REQUIRE(world.outcome.results.size() == 1);
  CHECK_THAT(world.outcome.results[0], Catch::StartsWith("unavailable (connection_lost): no connection"));
  world.connects();
  CHECK(world.peer->hears_nothing());
}

TEST_CASE("requests are sent again in the order of their calls") {
  RpcWorld world{any_encoding()};
  for (const auto* body : {"1", "2", "3", "4"}) world.calls(idempotent("fib", body));
  world.replies(2, "x");
  world.vanishes();
  world.calls("fib", "5");
  world.connects();
  for (const auto* body : {"1", "3", "4", "5"}) world.hears_request("fib", body);
}

TEST_CASE("a call that is cancelled while it waits is never sent") {
  RpcWorld world{any_encoding()};
  const auto sent = world.calls(idempotent("fib", "1"));
  world.vanishes();
  const auto unsent = world.calls("fib", "2");
  world.rpc.cancel(sent);
  world.rpc.cancel(unsent);
  CHECK(world.outcome.results == Strings(2, "cancelled: the caller cancelled the call"));
  world.connects();
  CHECK(world.peer->hears_nothing());
}

TEST_CASE("a connection that is lost while it is set up leaves calls waiting") {
  RpcWorld world{any_encoding()};
  world.vanishes();
  world.calls("fib", "1");
  world.begins_to_connect();
  world.vanishes();
  CHECK(world.opened.times == 2);
  CHECK(world.opened.error == Error::connection_lost);
  CHECK(world.outcome.results.empty());
  world.connects();
  world.hears_request("fib", "1");
}

TEST_CASE("calls that lose their connection may call again at once") {
  RpcWorld world{any_encoding()};
  world.rpc.call({.queue = "fib", .payload = {"1"}, .timeout = 1s}, world.now(), wall,
                 [&](const RpcResult&) { world.calls("fib", "again"); });
  world.vanishes();
  world.connects();
  world.hears_request("fib", "again");
}

TEST_CASE("a channel that the broker closes is opened again on the same connection") {
  RpcWorld world{any_encoding()};
  world.calls("fib", "1");
  world.calls(idempotent("fib", "2"));
  world.hears_request("fib", "1");
  world.hears_request("fib", "2");
  world.peer->says(1, channel::Close{.reply_code = 406, .reply_text = "sorry"});
  world.peer->hears<channel::CloseOk>(1);
  CHECK(world.outcome.results == Strings{"unavailable (connection_lost): sorry"});
  CHECK(world.hears_channel_opened() == 1);
  CHECK(world.peer->hears<queue::Declare>(1).exclusive);
}

TEST_CASE("a callback queue that is deleted is replaced") {
  RpcWorld world{any_encoding()};
  world.calls("fib", "1");
  world.hears_request("fib", "1");
  world.peer->says(1, basic::Cancel{.consumer_tag = world.consumer_tag, .no_wait = true});
  world.peer->hears<channel::Close>(1);
  CHECK(world.outcome.results == Strings{"unavailable (connection_lost): the callback queue was deleted"});
  world.hears_channel_opened();
}

TEST_CASE("without the exchange for cancellations there are none, and nothing else changes") {
  RpcWorld world{any_encoding()};
  world.vanishes();
  world.begins_to_connect();
  const auto channel = world.hears_channel_opened();
  world.peer->hears<exchange::Declare>(channel);
  world.peer->says(channel, channel::Close{.reply_code = 403, .reply_text = "no"});
  world.peer->hears<channel::CloseOk>(channel);
  world.consumes_replies();
  CHECK(world.opened.times == 2);
  CHECK_FALSE(world.opened.error);
  world.rpc.cancel(world.calls("fib", "1"));
  world.hears_request("fib", "1");
  CHECK(world.peer->hears_nothing());
}

TEST_CASE("where cancellations may not be published they are not tried twice") {
  RpcWorld world{any_encoding()};
  world.rpc.cancel(world.calls("fib", "1"));
  world.hears_request("fib", "1");
  world.hears_cancel(1);
  world.peer->says(1,
                   channel::Close{.reply_code = 403,
                                  .reply_text = "write access to exchange 'pocketmq.rpc.cancel' in vhost '/' refused"});
  world.peer->hears<channel::CloseOk>(1);
  CHECK(world.hears_channel_opened() == 1);
  world.peer->hears<queue::Declare>(1);
  world.consumes_replies();
  world.rpc.cancel(world.calls("fib", "2"));
  world.hears_request("fib", "2");
  CHECK(world.peer->hears_nothing());
}

TEST_CASE("a closed client takes no connection") {
  RpcWorld world{any_encoding()};
  world.rpc.close({RpcCode::cancelled, "gone"});
  world.vanishes();
  ScriptedPeer peer{ScriptedPeer::open(world.encoding)};
  Outcome opened;
  world.rpc.open(*peer.client, [&](const CloseReason& reason) { opened.record()(reason.error); });
  CHECK(opened.times == 1);
  CHECK(opened.error == Error::closed);
  peer.vanishes();
}

}  // namespace
}  // namespace pocketmq::client
