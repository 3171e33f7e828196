#include "server/server_core.hpp"

#include "tests/server/server_world.hpp"

namespace pocketmq::server {
namespace {

using namespace protocol;
using namespace std::chrono_literals;
using client::RpcCode;
using Strings = std::vector<std::string>;

std::vector<Served> fib_and_fac() { return {{"fib", {}}, {"fac", {.queue = {.durable = true}}}}; }

// What the caller gets of a cancelled call. It knows, unless another one cancelled it.
constexpr auto told_cancelled = R"({"code":"cancelled","message":"the call was cancelled"})";

Strings sorted(Strings strings) {
  std::ranges::sort(strings);
  return strings;
}

// What a server of one queue asks of a new connection's broker. With the JSON framing one channel is open already.
Strings asked_for(const std::string& queue, Strings asked) {
  std::erase(asked, "channel.open");
  CHECK(sorted(asked)
        == sorted({"exchange.declare pocketmq.rpc.cancel", "queue.declare amq.gen-cancel", "queue.bind amq.gen-cancel",
                   "basic.consume amq.gen-cancel", "basic.qos", "queue.declare " + queue, "basic.consume " + queue}));
  return asked;
}

TEST_CASE("a server is open when all its queues are consumed, and cancellations") {
  ServerWorld world{fib_and_fac()};
  CHECK(world.opened.empty());
  world.agrees();
  CHECK(world.opened == Strings{""});
  CHECK(world.consumers.size() == 3);
  CHECK(world.consumers.at("fib").channel != world.consumers.at("fac").channel);
}

TEST_CASE("a request is answered with its correlation id, and acked after that") {
  ServerWorld world{fib_and_fac()};
  world.agrees();
  world.delivers("fac", 1, "3", {.correlation_id = "id 1", .reply_to = "amq.gen-x", .message_id = "m"}, true);
  REQUIRE(world.requests.size() == 1);
  const auto& request = world.requests[0];
  CHECK(request.id.procedure == 1);
  CHECK(request.message.body == "3");
  CHECK(request.message.properties.message_id == "m");
  CHECK(request.redelivered);
  CHECK_FALSE(request.deadline);
  CHECK(world.server.running_requests() == 1);

  world.server.reply(request.id, {"6"}, world.peer->now);
  const auto properties = world.hears_reply("fac", "amq.gen-x", "6");
  CHECK_FALSE(world.mandatory);
  CHECK(properties.correlation_id == ShortString{"id 1"});
  CHECK_FALSE(properties.type);
  CHECK_FALSE(properties.content_type);
  CHECK_FALSE(properties.headers);
  world.hears_ack("fac", 1);
  CHECK(world.server.running_requests() == 0);
}

TEST_CASE("a failure is an error reply, and acked: it is never requeued") {
  ServerWorld world{fib_and_fac()};
  world.agrees();
  world.delivers("fib", 1, "x", {.reply_to = "amq.gen-x"});
  world.server.fail(world.requests.at(0).id, {RpcCode::invalid_argument, "no number"}, world.peer->now);
  const auto properties = world.hears_reply("fib", "amq.gen-x", R"({"code":"invalid_argument","message":"no number"})");
  CHECK(properties.type == ShortString{"rpc.error"});
  CHECK_FALSE(properties.correlation_id);
  world.hears_ack("fib", 1);
}

TEST_CASE("a request that wants no reply gets none, and is acked") {
  ServerWorld world{fib_and_fac()};
  world.agrees();
  world.delivers("fib", 1, "1", {.correlation_id = "1"});
  world.delivers("fib", 2, "x", {.correlation_id = "2"});
  world.server.reply(world.requests.at(0).id, {"1"}, world.peer->now);
  world.server.fail(world.requests.at(1).id, {RpcCode::internal, "oops"}, world.peer->now);
  world.hears_ack("fib", 1);
  world.hears_ack("fib", 2);
}

TEST_CASE("a reply that is larger than a message may be is an error") {
  ServerWorld world{fib_and_fac()};
  world.agrees();
  world.delivers("fib", 1, "1", {.reply_to = "x"});
  world.server.reply(world.requests.at(0).id, {std::string(Limits{}.body_max_bytes + 1, ' ')}, world.peer->now);
  world.hears_reply("fib", "x",
                    R"({"code":"resource_exhausted","message":"the reply is larger than a message may be"})");
}

TEST_CASE("a request brings its caller's deadline, of which a skew of the clocks is left out") {
  using namespace std::chrono;
  ServerWorld world{fib_and_fac(), 0};
  world.agrees();
  const auto with_deadline = [&](std::uint64_t tag, std::int64_t since_epoch) {
    FieldTableWriter headers;
    headers.int64("x-rpc-deadline", since_epoch);
    world.delivers("fib", tag, "1", {.headers = headers.table()});
    return world.requests.back();
  };
  const client::WallTime noon{1'700'000'000s};
  const auto request = with_deadline(1, duration_cast<milliseconds>(noon.time_since_epoch()).count());
  CHECK(request.deadline == noon);
  CHECK_FALSE(is_late(request, noon + 999ms, 1s));
  CHECK(is_late(request, noon + 1s, 1s));
  CHECK_FALSE(with_deadline(2, std::numeric_limits<std::int64_t>::max()).deadline);
  CHECK_FALSE(with_deadline(3, -1).deadline);
  FieldTableWriter odd;
  odd.string("x-rpc-deadline", "soon");
  world.delivers("fib", 4, "1", {.headers = odd.table()});
  CHECK_FALSE(world.requests.back().deadline);
  CHECK_FALSE(is_late(world.requests.back(), noon, 1s));

  world.server.drop(request.id);
  world.hears_ack("fib", 1);
  CHECK(world.peer->hears_nothing());
}

// --- Connections and channels that are lost ---------------------------------------------------------

TEST_CASE("on a new connection everything is declared again") {
  ServerWorld world{{{"fib", {}}}};
  asked_for("fib", world.agrees());
  world.vanishes();
  world.connects();
  asked_for("fib", world.agrees());
  CHECK(world.opened == Strings{"", ""});
  CHECK(world.troubles.empty());
}

TEST_CASE("answers to requests of an earlier connection are dropped") {
  ServerWorld world{{{"fib", {}}}};
  world.agrees();
  world.delivers("fib", 1, "1", {.correlation_id = "1", .reply_to = "x"});
  const auto before = world.requests.at(0).id;
  world.vanishes();
  CHECK(world.cancelled == std::vector<RequestId>{before});
  world.server.fail(before, {RpcCode::internal, "too late"}, world.peer->now);
  world.connects();
  world.agrees();

  world.delivers("fib", 1, "1", {.correlation_id = "1", .reply_to = "x"}, true);
  const auto after = world.requests.at(1).id;
  CHECK(after != before);
  world.server.reply(before, {"old"}, world.peer->now);
  CHECK(world.peer->hears_nothing());
  world.server.reply(after, {"new"}, world.peer->now);
  world.hears_reply("fib", "x", "new");
  world.hears_ack("fib", 1);
}

TEST_CASE("requests of all connections together are no more at once than the prefetch count") {
  ServerWorld world{{{"fib", {}}}, 2};
  world.agrees();
  world.delivers("fib", 1, "1");
  world.delivers("fib", 2, "2");
  world.vanishes();
  world.connects();
  world.agrees();
  world.delivers("fib", 1, "1", {}, true);
  world.delivers("fib", 2, "2", {}, true);
  CHECK(world.requests.size() == 2);
  world.server.drop(world.requests[0].id);
  CHECK(world.peer->hears_nothing());
  REQUIRE(world.requests.size() == 3);
  CHECK(world.requests[2].message.body == "1");

  world.vanishes();  // what waits comes again as well
  world.server.drop(world.requests[1].id);
  world.server.drop(world.requests[2].id);
  CHECK(world.requests.size() == 3);
  CHECK(world.server.running_requests() == 0);
}

TEST_CASE("a refused declaration is why the server does not open, and is tried again ever more rarely") {
  ServerWorld world{{{"fib", {}}, {"fac", {}}}};
  const auto refuse = [&] {
    for (int i = 0; i < 30; ++i) {
      const auto command = world.peer->next_if_any();
      REQUIRE(command);
      const auto channel = command->channel;
      const auto* declare = std::get_if<queue::Declare>(&command->method);
      if (declare != nullptr && declare->queue == "fac") {
        world.refuses(channel, {.reply_code = 406, .reply_text = "PRECONDITION_FAILED - differs"});
        return;
      }
      world.agree(*command);
    }
    FAIL("not asked");
  };
  refuse();
  world.agrees();
  CHECK(world.opened == Strings{"cannot serve 'fac': PRECONDITION_FAILED - differs"});
  CHECK(world.consumers.contains("fib"));
  CHECK_FALSE(world.consumers.contains("fac"));

  CHECK(world.ticks_after() <= 50ms);
  refuse();
  world.agrees();
  CHECK(world.ticks_after() > 50ms);
  world.agrees();
  CHECK(world.consumers.contains("fac"));
  CHECK(world.opened.size() == 1);
  CHECK(world.troubles == Strings{"PRECONDITION_FAILED - differs"});
  CHECK(world.server.deadline() == TimePoint::max());
  world.delivers("fac", 1, "3");
  CHECK(world.requests.size() == 1);
}

TEST_CASE("a deleted queue is declared again, and what runs is answered on") {
  ServerWorld world{{{"fib", {}}}};
  world.agrees();
  world.delivers("fib", 1, "1", {.reply_to = "x"});
  world.peer->says(world.consumers.at("fib").channel,
                   basic::Cancel{.consumer_tag = ShortString{world.consumers.at("fib").tag}, .no_wait = true});
  CHECK(world.troubles == Strings{"the queue 'fib' was deleted, or moved"});
  CHECK(world.peer->hears_nothing());
  CHECK(world.ticks_after() <= 50ms);
  CHECK(world.agrees() == Strings{"basic.qos", "queue.declare fib", "basic.consume fib"});
  world.server.reply(world.requests.at(0).id, {"1"}, world.peer->now);
  world.hears_reply("fib", "x", "1");
  world.hears_ack("fib", 1);
  world.delivers("fib", 2, "2");
  CHECK(world.requests.size() == 2);
}

TEST_CASE("a connection that ends before the server is open is why it is not, and nothing is tried again") {
  ServerWorld world{{{"fib", {}}}};
  world.vanishes();
  CHECK(world.opened.size() == 1);
  CHECK_FALSE(world.opened[0].empty());
  CHECK(world.server.deadline() == TimePoint::max());
  world.connects();
  world.agrees();
  CHECK(world.opened.size() == 2);
  CHECK(world.opened[1].empty());
}

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
  CHECK(world.opened == Strings{""});
  CHECK_FALSE(world.consumers.contains("amq.gen-cancel"));
  world.delivers("fib", 1, "1");
  CHECK(world.requests.size() == 1);
  CHECK(world.troubles.empty());
}

// --- Requests that would end a service ---------------------------------------------------------------

TEST_CASE("a request that cannot be read is refused, its caller and the log are told, and the next one is served") {
  ServerWorld world{{{"fib", {}}}};
  world.agrees();
  std::string table;
  for (int depth = 0; depth < 70; ++depth) {
    FieldTableWriter outer;
    outer.table("t", FieldTable{table});
    table = outer.table().encoded();
  }
  world.delivers("fib", 1, "1", {.headers = FieldTable{table}, .correlation_id = "1", .reply_to = "x"});
  CHECK(world.requests.empty());
  const auto channel = world.consumers.at("fib").channel;
  CHECK(world.peer->hears<basic::Reject>(channel) == basic::Reject{.delivery_tag = 1, .requeue = false});
  CHECK(world.peer->hears<basic::Publish>(channel).routing_key == "x");
  CHECK_THAT(std::string{world.peer->heard.content->body},
             Catch::StartsWith(R"({"code":"invalid_argument","message":"the request cannot be read: )"));
  CHECK(world.peer->heard.content->properties.decode().correlation_id == ShortString{"1"});
  REQUIRE(world.troubles.size() == 1);
  CHECK_THAT(world.troubles[0],
             Catch::StartsWith("'fib': the request cannot be read: ") && Catch::EndsWith("; it was refused"));
  world.delivers("fib", 2, "2");
  CHECK(world.requests.size() == 1);
}

TEST_CASE("a request whose reply address ended the connection is acked before anything is sent there again") {
  ServerWorld world{{{"fib", {}}, {"count", {}, true}}};
  world.agrees();
  const std::string address = "amq.rabbitmq.reply-to.g2dk.x";
  const BasicProperties forged{.correlation_id = "1", .reply_to = ShortString{address}};
  world.delivers("fib", 1, "1", forged);
  world.delivers("count", 1, "1", forged);
  world.server.reply(world.requests.at(0).id, {"one"}, world.peer->now);
  world.hears_reply("fib", address, "one");
  world.hears_ack("fib", 1);
  world.server.write(world.requests.at(1).id, {"1"});
  world.hears_reply("count", address, "1");
  const bool was_forged = GENERATE(true, false);
  if (was_forged)
    world.peer->says(0, connection::Close{.reply_code = 541, .reply_text = "INTERNAL_ERROR"});
  else
    world.vanishes();
  world.connects();
  world.agrees();

  world.delivers("fib", 1, "1", forged, true);
  world.delivers("count", 1, "1", forged, true);
  world.server.reply(world.requests.at(2).id, {"one"}, world.peer->now);
  if (was_forged) world.hears_ack("fib", 1);
  world.hears_reply("fib", address, "one");
  if (!was_forged) world.hears_ack("fib", 1);
  world.server.write(world.requests.at(3).id, {"1"});
  if (was_forged) world.hears_ack("count", 1);
  world.hears_reply("count", address, "1");
  CHECK(world.peer->hears_nothing());
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

// --- Stopping ---------------------------------------------------------------------------------------

TEST_CASE("a stopped server gives back what has not begun, and is done when the rest is answered") {
  ServerWorld world{{{"fib", {}}}, 1};
  world.agrees();
  world.delivers("fib", 1, "old");
  world.vanishes();
  world.connects();
  world.agrees();
  world.delivers("fib", 1, "1");
  int drained = 0;
  world.server.stop([&] { ++drained; });
  world.server.stop([] { FAIL("stopped already"); });
  world.peer->hears<basic::Cancel>(world.consumers.at("fib").channel);
  world.hears_requeue("fib", 1);
  world.delivers("fib", 2, "2");  // was on its way
  world.hears_requeue("fib", 2);
  CHECK(drained == 0);
  world.server.drop(world.requests.at(0).id);
  CHECK(drained == 1);
  CHECK(world.requests.size() == 1);
}

TEST_CASE("a request that was handed out but has not begun may be given back") {
  ServerWorld world{{{"fib", {}}}};
  world.agrees();
  world.delivers("fib", 1, "1");
  world.server.give_back(world.requests.at(0).id);
  world.hears_requeue("fib", 1);
}

TEST_CASE("a server that stops while it opens consumes nothing") {
  ServerWorld world{{{"fib", {}}}};
  int drained = 0;
  world.server.stop([&] { ++drained; });
  CHECK(drained == 1);
  auto asked = world.agrees();
  CHECK(std::ranges::count(asked, "basic.consume fib") == std::ranges::count(asked, "basic.cancel ctag2.1"));
}

}  // namespace
}  // namespace pocketmq::server
