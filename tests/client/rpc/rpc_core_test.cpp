#include "client/rpc/rpc_core.hpp"

#include "tests/client/rpc/rpc_world.hpp"

namespace pocketmq::client {
namespace {

using namespace protocol;

// The broker agrees to all that it is asked for a callback queue.
void agrees(ScriptedPeer& peer) {
  while (const auto command = peer.next_if_any()) {
    if (std::holds_alternative<queue::Declare>(command->method)) peer.says(1, queue::DeclareOk{.queue = "replies"});
    if (const auto* m = std::get_if<basic::Consume>(&command->method))
      peer.says(1, basic::ConsumeOk{.consumer_tag = m->consumer_tag});
    if (std::holds_alternative<channel::Open>(command->method)) peer.says(command->channel, channel::OpenOk{});
    if (std::holds_alternative<exchange::Declare>(command->method)) peer.says(command->channel, exchange::DeclareOk{});
  }
}

// Its views are valid until the next command.
Command next_request(ScriptedPeer& peer) {
  while (true) {
    auto command = peer.next();
    if (std::holds_alternative<basic::Publish>(command.method)) return command;
  }
}

TEST_CASE("a request is what the tutorial sends, with its id and its time") {
  RpcWorld world{any_encoding()};
  world.calls("fib", "30", 1'500ms);
  const auto properties = world.hears_request("fib", "30");
  CHECK(properties.reply_to == ShortString{"amq.gen-1"});
  CHECK(properties.correlation_id == ShortString{world.id(1)});
  CHECK(properties.message_id == ShortString{world.ids_of(1).message_id});
  CHECK(properties.expiration == ShortString{"1500"});
  CHECK(properties.headers->find("x-rpc-deadline")->integer() == 1'700'000'001'500);
  CHECK_FALSE(properties.content_type);

  world.replies(1, "832040");
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
  world.replies(1, "832040");
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
  CHECK(world.hears_request("fib", "20").correlation_id == ShortString{world.id(2)});
  world.hears_request("fac", "3");
  world.replies(3, "6");
  world.replies(1, "55");
  world.replies(2, "6765");
  CHECK(world.outcome.results == Strings{"6", "55", "6765"});
}

TEST_CASE("replies to nobody are dropped and counted") {
  RpcWorld world{any_encoding()};
  world.calls("fib", "10");
  world.replies(1, "55");
  world.replies(1, "55");
  for (const auto* id : {"1", "2", "", "01", "1x", "-1", "99999999999999999999", "none of ours"})
    world.replies_to(id, "0");
  CHECK(world.outcome.results == Strings{"55"});
  CHECK(world.rpc.dropped_replies() == 9);
}

TEST_CASE("nobody answers a call who does not know its whole correlation id") {
  RpcWorld world{any_encoding()};
  world.calls("fib", "10");
  world.calls("fac", "3");
  const auto id = world.id(1);
  const auto secret = id.substr(2);
  const auto others_secret = world.id(2).substr(2);
  for (const auto& forged : {std::string{"1"}, std::string{"1-"}, secret, "-" + secret, "01-" + secret, "+1-" + secret,
                             "2-" + secret, "1-" + others_secret, "1-" + world.ids_of(1).message_id, id + "A",
                             id.substr(0, id.size() - 1), id + std::string(1, '\0')}) {
    world.replies_to(forged, "0");
    world.replies_to(forged, R"({"code":"internal","message":"forged"})", "rpc.error");
    world.replies_to(forged, "0", {}, Sequence{5, true});
  }
  CHECK(world.outcome.results.empty());
  CHECK(world.rpc.dropped_replies() == 36);
  world.replies(2, "6");
  world.replies(1, "55");
  CHECK(world.outcome.results == Strings{"6", "55"});
}

TEST_CASE("the ids of a client cannot be computed, unless it has a seed") {
  const auto ids = [](std::optional<std::uint64_t> seed) {
    RpcCore rpc{{.seed = seed}, [] {}};
    auto peer = ScriptedPeer::open(Encoding::json);
    rpc.open(*peer.client, [](const CloseReason&) {});
    agrees(peer);
    rpc.call({.queue = "fib", .timeout = 1s}, peer.now, wall, [](const RpcResult&) {});
    const auto properties = next_request(peer).content->properties.decode();
    auto both = std::string{*properties.correlation_id} + ' ' + std::string{*properties.message_id};
    rpc.close({RpcCode::cancelled, "the test is over"});
    peer.vanishes();
    return both;
  };
  CHECK(ids(7) == ids(7));
  CHECK(ids(7) != ids(8));
  CHECK(ids(std::nullopt) != ids(std::nullopt));
}

TEST_CASE("an error reply is an error with its code") {
  RpcWorld world{any_encoding()};
  for (int i = 0; i < 4; ++i) world.calls("fib", "-1");
  world.replies(1, R"({"code":"invalid_argument","message":"argument 1: negative"})", "rpc.error");
  world.replies(2, R"({"code":"from the future","message":"?"})", "rpc.error");
  world.replies(3, "30", "rpc.error");
  world.replies(4, R"({"code":"invalid_argument","message":"just a value"})");
  CHECK(world.outcome.results
        == Strings{"invalid_argument: argument 1: negative", "unknown: ?", "internal: an error reply without a code",
                   R"({"code":"invalid_argument","message":"just a value"})"});
}

TEST_CASE("a request that comes back has no queue") {
  RpcWorld world{any_encoding()};
  world.calls("fib", "10");
  world.hears_request("fib", "10");
  world.returns("fib");
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
  world.hears_request("slow", "1");
  world.hears_request("fast", "2");
  world.hears_cancel(2);
  world.hears_cancel(1);
  world.replies(1, "x");
  CHECK(world.outcome.results.size() == 2);
  CHECK(world.rpc.dropped_replies() == 1);
}

TEST_CASE("whoever keeps the time is told of each earlier deadline") {
  RpcWorld world{any_encoding()};
  world.calls("fib", "1", 2s);
  CHECK(world.deadline_changes == 1);
  world.calls("fib", "2", 3s);
  CHECK(world.deadline_changes == 1);
  world.calls("fib", "3", 1s);
  CHECK(world.deadline_changes == 2);
  CHECK(world.rpc.deadline() == world.now() + 1s);
}

TEST_CASE("the times of calls that have their replies are forgotten, and not only when there are no calls") {
  RpcWorld world{any_encoding()};
  world.calls("slow", "1", 1h);
  for (std::size_t call = 2; call <= 1'000; ++call) {
    world.calls("fib", "1", 1s + std::chrono::milliseconds{call});
    world.replies(call, "1");
  }
  CHECK(world.rpc.deadline() > world.now() + 1s + 900ms);
}

TEST_CASE("each call is over in its time, however many have their replies before") {
  RpcWorld world{any_encoding()};
  constexpr std::size_t count = 1'000;
  const auto timeout_of = [](std::size_t call) { return std::chrono::milliseconds{1 + call * 7'919 % 10'007}; };
  for (std::size_t call = 1; call <= count; ++call) world.calls(std::to_string(call), "1", timeout_of(call));
  std::map<std::chrono::milliseconds, std::size_t> unanswered;
  for (std::size_t call = 1; call <= count; ++call)
    if (call % 20 == 0)
      unanswered.emplace(timeout_of(call), call);
    else
      world.replies(call, "1");
  world.calls("the last one", "1", 1h);  // many more are over than under way
  world.outcome.results.clear();
  for (const auto start = world.now(); const auto& [timeout, call] : unanswered) {
    world.advance(std::chrono::duration_cast<std::chrono::milliseconds>(start + timeout - world.now()) - 1ms);
    CHECK(world.outcome.results.empty());
    world.advance(1ms);
    CHECK(world.outcome.results == Strings{"deadline_exceeded: no reply from '" + std::to_string(call) + "' in time"});
    world.outcome.results.clear();
  }
  CHECK(world.rpc.pending_calls() == 1);
}

TEST_CASE("a call without time is not made") {
  RpcWorld world{any_encoding()};
  world.calls("fib", "1", 0ms);
  world.calls("fib", "1", -5ms);
  CHECK(world.peer->hears_nothing());
  CHECK(world.outcome.results == Strings(2, "deadline_exceeded: timeout: there was no time left for the call"));
}

TEST_CASE("what cannot be sent is refused with the argument's name") {
  RpcWorld world{any_encoding()};
  world.calls(std::string(256, 'q'), "1");
  world.calls("", "1");
  world.calls({.queue = "fib", .headers = Table{}.add("x-rpc-deadline", 1)});
  world.calls({.queue = "fib", .headers = Table{}.add("token", std::string(140'000, 't'))});
  CHECK(world.peer->hears_nothing());
  REQUIRE(world.outcome.results.size() == 4);
  CHECK(world.outcome.results[0] == "invalid_argument: queue: the name has 256 bytes, and may have 255");
  CHECK(world.outcome.results[1] == "invalid_argument: queue: the name is empty");
  CHECK(world.outcome.results[2]
        == "invalid_argument: headers: x-rpc-deadline is written by the library, from the timeout");
  CHECK_THAT(world.outcome.results[3], Catch::StartsWith("invalid_argument: headers: with 140"));
  CHECK(world.rpc.pending_calls() == 0);
}

TEST_CASE("the properties of a request may fill a frame of the connection, and no byte more") {
  const auto call_with_token_of = [](RpcWorld& world, std::size_t bytes) {
    world.calls({.queue = "fib", .timeout = no_timeout, .headers = Table{}.add("token", std::string(bytes, 't'))});
  };
  RpcWorld world{Encoding::amqp};
  const std::size_t frame_max = world.peer->client->frame_max_bytes();
  REQUIRE(frame_max == 131'072);
  call_with_token_of(world, 1'000);
  world.hears_request("fib", "");
  // A frame has 8 bytes besides its payload, a content header 12 besides the properties (AMQP 2.3.5, 2.3.5.2).
  const auto others = world.peer->heard.content->properties.encoded().size() - 1'000 + 8 + 12;
  call_with_token_of(world, frame_max - others);
  world.hears_request("fib", "");
  CHECK(world.peer->heard.content->properties.encoded().size() + 8 + 12 == frame_max);
  call_with_token_of(world, frame_max - others + 1);
  CHECK(world.peer->hears_nothing());
  REQUIRE(world.outcome.results.size() == 1);
  CHECK_THAT(world.outcome.results[0], Catch::StartsWith("invalid_argument: headers: with 131053 bytes"));
}

TEST_CASE("a connection without a limit of frames takes properties of any size") {
  ScriptedPeer peer{Encoding::amqp, {}, {.frame_max_bytes = 0}};
  peer.begins();
  peer.finishes_handshake({.channel_max = 2'047, .frame_max = 0, .heartbeat = 60});
  REQUIRE(peer.client->frame_max_bytes() == 0);
  RpcCore rpc{{}, [] {}};
  rpc.open(*peer.client, [](const CloseReason&) {});
  agrees(peer);
  Calls outcome;
  rpc.call({.queue = "fib", .timeout = 1s, .headers = Table{}.add("token", std::string(200'000, 't'))}, peer.now, wall,
           outcome.record());
  CHECK(next_request(peer).content->properties.encoded().size() > 200'000);
  CHECK(outcome.results.empty());
  rpc.close({RpcCode::cancelled, "the test is over"});
  peer.vanishes();
}

TEST_CASE("a caller's own headers go with the request") {
  RpcWorld world{any_encoding()};
  world.calls({.queue = "fib", .payload = {"30"}, .timeout = no_timeout, .headers = Table{}.add("token", "secret")});
  CHECK(world.hears_request("fib", "30").headers->find("token")->string() == "secret");
}

TEST_CASE("closing completes calls as cancelled, and later ones too") {
  RpcWorld world{any_encoding()};
  world.calls("fib", "1");
  world.rpc.close({RpcCode::cancelled, "gone"});
  world.hears_request("fib", "1");
  world.hears_cancel(1);
  world.calls("fib", "2");
  CHECK(world.outcome.results == Strings(2, "cancelled: gone"));
  world.advance(2s);
  CHECK(world.outcome.results.size() == 2);
}

TEST_CASE("a call that is completed may call again") {
  RpcWorld world{any_encoding()};
  world.rpc.call({.queue = "fib", .payload = {"1"}, .timeout = 1s}, world.now(), wall,
                 [&](const RpcResult&) { world.calls("fib", "2"); });
  world.replies(1, "1");
  world.hears_request("fib", "1");
  world.hears_request("fib", "2");
  world.replies(2, "2");
  CHECK(world.outcome.results == Strings{"2"});
}

TEST_CASE("a call that is cancelled is over, and its server is told") {
  RpcWorld world{any_encoding()};
  const auto id = world.calls("fib", "1");
  world.hears_request("fib", "1");
  world.rpc.cancel(id);
  world.hears_cancel(1);
  CHECK(world.outcome.results == Strings{"cancelled: the caller cancelled the call"});
  world.replies(1, "1");
  world.rpc.cancel(id);
  CHECK(world.peer->hears_nothing());
  CHECK(world.outcome.results.size() == 1);
  CHECK(world.rpc.dropped_replies() == 1);
  CHECK(world.rpc.pending_calls() == 0);
}

TEST_CASE("direct reply-to needs no queue") {
  RpcWorld world{any_encoding(), {.reply_to = ReplyTo::direct}};
  const auto id = world.calls("fib", "30");
  CHECK(world.hears_request("fib", "30").reply_to == ShortString{"amq.rabbitmq.reply-to"});
  world.replies(1, "832040");
  CHECK(world.outcome.results == Strings{"832040"});
  world.rpc.cancel(id + 1);
  world.rpc.cancel(world.calls("fib", "31"));
  world.hears_request("fib", "31");
  world.hears_cancel(2);
}

}  // namespace
}  // namespace pocketmq::client
