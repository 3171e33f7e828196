#include "server/server_core.hpp"

#include "tests/server/server_world.hpp"

namespace pocketmq::server {
namespace {

using namespace protocol;
using namespace std::chrono_literals;
using client::RpcCode;
using Strings = std::vector<std::string>;

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
