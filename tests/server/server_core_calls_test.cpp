// Calls that are cancelled, come again or stream, and calls whose callers are gone.
#include "server/server_core.hpp"
#include "tests/server/server_world.hpp"

namespace pocketmq::server {
namespace {

using namespace protocol;
using namespace std::chrono_literals;
using client::RpcCode;

// --- Cancellation -----------------------------------------------------------------------------------

TEST_CASE("a running request that its caller cancels is told to stop, and its answer is not sent") {
  ServerWorld world{fib_and_fac()};
  world.agrees();
  world.delivers("fac", 7, "1", {.correlation_id = "1", .reply_to = "x"});
  world.cancels("x", "2");
  world.cancels("y", "1");
  CHECK(world.cancelled.empty());
  world.cancels("x", "1");
  world.cancels("x", "1");
  CHECK(world.cancelled == std::vector<RequestId>{world.requests.at(0).id});
  CHECK(world.hears_reply("fac", "x", told_cancelled).correlation_id == ShortString{"1"});
  CHECK(world.peer->hears_nothing());
  world.server.reply(world.requests[0].id, {"1"}, world.peer->now);
  world.hears_ack("fac", 7);
}

TEST_CASE("who cancels a repeat cancels nobody else's call") {
  ServerWorld world{{{"fib", {.deduplicate = 5s}}}};
  world.agrees();
  world.delivers("fib", 1, "1", {.correlation_id = "1", .reply_to = "x", .message_id = "m"});
  world.delivers("fib", 2, "1", {.correlation_id = "2", .reply_to = "y", .message_id = "m"});
  world.cancels("y", "2");
  CHECK(world.cancelled.empty());
  CHECK(world.hears_reply("fib", "y", told_cancelled).correlation_id == ShortString{"2"});
  world.server.reply(world.requests.at(0).id, {"one"}, world.peer->now);
  CHECK(world.hears_reply("fib", "x", "one").correlation_id == ShortString{"1"});
  world.hears_ack("fib", 1);
  world.hears_ack("fib", 2);
}

TEST_CASE("a repeat that joins a request which was told to stop is answered all the same") {
  ServerWorld world{{{"fib", {.deduplicate = 5s}}}};
  world.agrees();
  world.delivers("fib", 1, "1", {.correlation_id = "1", .reply_to = "x", .message_id = "m"});
  world.cancels("x", "1");
  world.hears_reply("fib", "x", told_cancelled);
  world.delivers("fib", 2, "1", {.correlation_id = "2", .reply_to = "y", .message_id = "m"});
  world.server.reply(world.requests.at(0).id, {"one"}, world.peer->now);
  world.hears_ack("fib", 1);
  world.hears_reply("fib", "y", "one");
  world.hears_ack("fib", 2);
}

TEST_CASE("a request that is cancelled before it has begun is dropped") {
  ServerWorld world{{{"fib", {}}}, 1};
  world.agrees();
  world.delivers("fib", 1, "1", {.correlation_id = "1", .reply_to = "x"});
  world.vanishes();
  world.connects();
  world.agrees();
  world.delivers("fib", 1, "1", {.correlation_id = "1", .reply_to = "x"}, true);  // waits for the first run's end
  world.cancels("x", "1");
  world.hears_reply("fib", "x", told_cancelled);
  world.hears_ack("fib", 1);

  world.cancels("x", "2");  // still in its queue
  world.delivers("fib", 2, "2", {.correlation_id = "2", .reply_to = "x"});
  CHECK(world.hears_reply("fib", "x", told_cancelled).correlation_id == ShortString{"2"});
  world.hears_ack("fib", 2);
  world.server.drop(world.requests.at(0).id);
  CHECK(world.requests.size() == 1);
  world.delivers("fib", 3, "2", {.correlation_id = "2", .reply_to = "x"});
  CHECK(world.requests.size() == 2);
}

TEST_CASE("a broker that refuses the cancel exchange gets requests served all the same") {
  ServerWorld world{{{"fib", {}}}};
  world.refuses_exchanges = true;
  world.agrees();
  CHECK(world.opened == std::vector<std::string>{""});
  CHECK_FALSE(world.consumers.contains("amq.gen-cancel"));
  world.delivers("fib", 1, "1");
  CHECK(world.requests.size() == 1);
  CHECK(world.troubles.empty());
}

// --- Redelivery and repeats -------------------------------------------------------------------------

TEST_CASE("a redelivered request is refused, where that is the policy") {
  ServerWorld world{{{"fib", {.redelivery = RedeliveryPolicy::refuse}}}};
  world.agrees();
  world.delivers("fib", 1, "1", {.correlation_id = "1", .reply_to = "x"}, true);
  CHECK(world.requests.empty());
  const auto properties = world.hears_reply("fib", "x",
                                            R"({"code":"aborted","message":"the request was delivered before and may )"
                                            R"(have run; it is not run again here"})");
  CHECK(properties.type == ShortString{"rpc.error"});
  CHECK(properties.correlation_id == ShortString{"1"});
  world.hears_ack("fib", 1);
  world.delivers("fib", 2, "2");
  CHECK(world.requests.size() == 1);
}

std::vector<Served> remembering(std::chrono::milliseconds window) { return {{"fib", {.deduplicate = window}}}; }

TEST_CASE("a repeat of a running request joins it, and each gets the answer where it waits") {
  ServerWorld world{remembering(5s)};
  world.agrees();
  world.delivers("fib", 1, "1", {.correlation_id = "1", .reply_to = "x", .message_id = "m"});
  world.delivers("fib", 2, "1", {.correlation_id = "9", .reply_to = "y", .message_id = "m"});
  world.delivers("fib", 3, "1", {.correlation_id = "1", .reply_to = "x"});
  CHECK(world.requests.size() == 2);
  world.server.reply(world.requests[0].id, {"one"}, world.peer->now);
  CHECK(world.hears_reply("fib", "x", "one").correlation_id == ShortString{"1"});
  world.hears_ack("fib", 1);
  CHECK(world.hears_reply("fib", "y", "one").correlation_id == ShortString{"9"});
  world.hears_ack("fib", 2);
}

TEST_CASE("a repeat of an answered request gets the same answer, for a time") {
  ServerWorld world{remembering(5s)};
  world.agrees();
  world.delivers("fib", 1, "1", {.correlation_id = "1", .reply_to = "x", .message_id = "m"});
  world.server.fail(world.requests.at(0).id, {RpcCode::not_found, "gone"}, world.peer->now);
  world.hears_reply("fib", "x", R"({"code":"not_found","message":"gone"})");
  world.hears_ack("fib", 1);

  world.peer->now += 4s;
  world.delivers("fib", 2, "1", {.correlation_id = "2", .reply_to = "y", .message_id = "m"}, true);
  const auto repeated = world.hears_reply("fib", "y", R"({"code":"not_found","message":"gone"})");
  CHECK(repeated.type == ShortString{"rpc.error"});
  CHECK(repeated.correlation_id == ShortString{"2"});
  world.hears_ack("fib", 2);
  CHECK(world.requests.size() == 1);

  world.peer->now += 1s;
  world.delivers("fib", 3, "1", {.correlation_id = "3", .reply_to = "y", .message_id = "m"});
  CHECK(world.requests.size() == 2);
}

TEST_CASE("a cancelled request that comes again is not run again") {
  ServerWorld world{remembering(5s)};
  world.agrees();
  world.delivers("fib", 1, "1", {.correlation_id = "1", .reply_to = "x", .message_id = "m"});
  world.cancels("x", "1");
  world.vanishes();
  world.server.fail(world.requests.at(0).id, {RpcCode::cancelled, "stopped"}, world.peer->now);
  world.connects();
  world.agrees();
  world.delivers("fib", 1, "1", {.correlation_id = "1", .reply_to = "x", .message_id = "m"}, true);
  world.hears_reply("fib", "x", R"({"code":"cancelled","message":"stopped"})");
  world.hears_ack("fib", 1);
  CHECK(world.requests.size() == 1);
}

TEST_CASE("a request that lost its connection is joined when it comes again") {
  ServerWorld world{remembering(5s)};
  world.agrees();
  world.delivers("fib", 1, "1", {.correlation_id = "1", .reply_to = "x", .message_id = "m"});
  world.delivers("fib", 2, "2", {.correlation_id = "2", .reply_to = "x", .message_id = "n"});
  world.vanishes();
  CHECK(world.cancelled.empty());
  world.server.reply(world.requests.at(0).id, {"one"}, world.peer->now);
  world.connects();
  world.agrees();
  world.delivers("fib", 1, "1", {.correlation_id = "1", .reply_to = "x", .message_id = "m"}, true);
  world.hears_reply("fib", "x", "one");
  world.hears_ack("fib", 1);
  world.delivers("fib", 2, "2", {.correlation_id = "2", .reply_to = "x", .message_id = "n"}, true);
  CHECK(world.requests.size() == 2);
  world.server.reply(world.requests[1].id, {"two"}, world.peer->now);
  world.hears_reply("fib", "x", "two");
  world.hears_ack("fib", 2);
}

// --- Streams ----------------------------------------------------------------------------------------

std::vector<Served> stream() { return {{"count", {.deduplicate = 5s}, true}}; }

std::optional<std::int64_t> seq_of(const BasicProperties& properties) {
  const auto seq = properties.headers ? properties.headers->find("x-rpc-seq") : std::nullopt;
  return seq ? seq->integer() : std::nullopt;
}
bool ends(const BasicProperties& properties) {
  const auto end = properties.headers ? properties.headers->find("x-rpc-end") : std::nullopt;
  return end && end->boolean() == true;
}

TEST_CASE("a stream's elements are numbered, and its end is a reply of its own before the ack") {
  ServerWorld world{stream()};
  world.agrees();
  world.delivers("count", 1, "2", {.correlation_id = "1", .reply_to = "x", .message_id = "m"});
  const auto id = world.requests.at(0).id;
  for (std::int64_t i = 0; i < 2; ++i) {
    CHECK(world.server.write(id, {std::to_string(i)}));
    const auto properties = world.hears_reply("count", "x", std::to_string(i));
    CHECK(properties.correlation_id == ShortString{"1"});
    CHECK(seq_of(properties) == i);
    CHECK_FALSE(ends(properties));
    CHECK(world.mandatory);
  }
  world.server.end(id);
  const auto properties = world.hears_reply("count", "x", "");
  CHECK(seq_of(properties) == 2);
  CHECK(ends(properties));
  world.hears_ack("count", 1);
  CHECK_FALSE(world.server.write(id, {"late"}));

  world.delivers("count", 2, "2", {.correlation_id = "1", .reply_to = "x", .message_id = "m"});  // not remembered
  CHECK(world.requests.size() == 2);
}

TEST_CASE("an error ends a stream") {
  ServerWorld world{stream()};
  world.agrees();
  world.delivers("count", 1, "2", {.reply_to = "x"});
  world.server.write(world.requests.at(0).id, {"0"});
  world.hears_reply("count", "x", "0");
  world.server.fail(world.requests[0].id, {RpcCode::internal, "oops"}, world.peer->now);
  const auto properties = world.hears_reply("count", "x", R"({"code":"internal","message":"oops"})");
  CHECK(properties.type == ShortString{"rpc.error"});
  CHECK(seq_of(properties) == 1);
  CHECK(ends(properties));
}

TEST_CASE("a stream that nobody reads any more is cancelled") {
  ServerWorld world{stream()};
  world.agrees();
  const auto channel = world.consumers.at("count").channel;
  world.delivers("count", 1, "2", {.correlation_id = "1", .reply_to = "x"});
  world.delivers("count", 2, "2", {.correlation_id = "2", .reply_to = "amq.rabbitmq.reply-to.g2dk"});
  const auto first = world.requests.at(0).id, second = world.requests.at(1).id;
  world.server.write(first, {"0"});
  world.hears_reply("count", "x", "0");
  world.says(channel, basic::Return{.reply_code = 312, .routing_key = "x"}, "0", {.correlation_id = "1"});
  CHECK(world.cancelled == std::vector<RequestId>{first});
  CHECK_FALSE(world.server.write(first, {"1"}));
  const auto last = world.hears_reply("count", "x", told_cancelled);
  CHECK(seq_of(last) == 1);
  CHECK(ends(last));
  world.server.end(first);
  world.hears_ack("count", 1);

  CHECK(world.server.write(second, {"0"}));
  world.hears_reply("count", "amq.rabbitmq.reply-to.g2dk", "0");
  CHECK_FALSE(world.mandatory);  // RabbitMQ would return it, though it arrives
  world.vanishes();
  CHECK(world.cancelled.size() == 2);
  CHECK_FALSE(world.server.write(second, {"1"}));
}

// --- Callers that crash -----------------------------------------------------------------------------

// The server asks for a queue; what the broker says to it.
void is_asked_for(ServerWorld& world, std::string_view queue, const Method& reply) {
  auto command = world.peer->next();
  while (!std::holds_alternative<queue::Declare>(command.method)) {
    world.agree(command);
    command = world.peer->next();
  }
  const auto& declare = std::get<queue::Declare>(command.method);
  CHECK(declare.queue == queue);
  CHECK(declare.passive);
  if (const auto* refusal = std::get_if<channel::Close>(&reply))
    world.refuses(command.channel, *refusal);
  else
    world.peer->says(command.channel, reply);
}

const channel::Close is_not_there{.reply_code = 404, .reply_text = "NOT_FOUND"};
const channel::Close is_locked{.reply_code = 405, .reply_text = "RESOURCE_LOCKED"};

TEST_CASE("a request that runs for long is stopped when the queue for its reply is gone") {
  ServerWorld world{{{"fib", {}}}};
  world.agrees();
  world.delivers("fib", 1, "60", {.correlation_id = "1", .reply_to = "amq.gen-x"});
  world.delivers("fib", 2, "60", {.correlation_id = "1", .reply_to = "amq.gen-y"});
  world.delivers("fib", 3, "60", {.correlation_id = "2", .reply_to = "amq.gen-x"});
  world.ticks_after();
  CHECK(world.peer->hears_nothing());  // most are answered by then

  world.ticks_after();
  is_asked_for(world, "amq.gen-x", is_locked);  // it belongs to a connection that there is
  is_asked_for(world, "amq.gen-y", queue::DeclareOk{.queue = "amq.gen-y"});
  world.agrees();
  CHECK(world.cancelled.empty());

  world.ticks_after();
  is_asked_for(world, "amq.gen-x", is_not_there);
  is_asked_for(world, "amq.gen-y", is_locked);
  world.agrees();
  CHECK(world.cancelled == std::vector{world.requests.at(0).id, world.requests.at(2).id});
  world.server.drop(world.requests.at(0).id);
  world.hears_ack("fib", 1);
  world.server.drop(world.requests.at(2).id);
  world.hears_ack("fib", 3);

  world.ticks_after();
  is_asked_for(world, "amq.gen-y", is_locked);
  world.agrees();
  world.server.reply(world.requests.at(1).id, {"1"}, world.peer->now);
  world.hears_reply("fib", "amq.gen-y", "1");
  world.hears_ack("fib", 2);
  world.ticks_after();
  CHECK(world.peer->hears_nothing());
  CHECK(world.server.deadline() == TimePoint::max());
}

TEST_CASE("callers are not looked for where that says nothing") {
  ServerWorld world{{{"fib", {.deduplicate = 10min}}}};
  world.agrees();
  world.delivers("fib", 1, "60", {.correlation_id = "1"});  // awaits no reply
  world.delivers("fib", 2, "60", {.correlation_id = "2", .reply_to = "amq.rabbitmq.reply-to.x"});
  // It may come back over another connection, for an answer that is kept for it.
  world.delivers("fib", 3, "60", {.correlation_id = "3", .reply_to = "amq.gen-x", .message_id = "m"});
  for (int looks = 0; looks < 3; ++looks) world.ticks_after();
  CHECK(world.peer->hears_nothing());
}

TEST_CASE("callers are looked for again where a look got no answer for its connection was lost") {
  ServerWorld world{{{"fib", {}}}};
  world.agrees();
  world.delivers("fib", 1, "60", {.correlation_id = "1", .reply_to = "amq.gen-x"});
  for (int looks = 0; looks < 2; ++looks) world.ticks_after();
  world.vanishes();
  world.ticks_after();
  world.connects();
  world.agrees();
  world.delivers("fib", 1, "60", {.correlation_id = "1", .reply_to = "amq.gen-x"}, true);
  for (int looks = 0; looks < 2; ++looks) world.ticks_after();
  is_asked_for(world, "amq.gen-x", is_not_there);
  CHECK(world.cancelled == std::vector{world.requests.at(0).id, world.requests.at(1).id});
}

}  // namespace
}  // namespace pocketmq::server
