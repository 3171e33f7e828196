#include "server/procedure_core.hpp"

#include "tests/server/server_world.hpp"

namespace pocketmq::server {
namespace {

using namespace protocol;
using namespace std::chrono_literals;

TEST_CASE("a caller that is answered can cancel no more, and one that uses an id twice cancels the later call") {
  ServerWorld world{{{"fib", {}}}};
  world.agrees();
  const BasicProperties same{.correlation_id = "1", .reply_to = "x"};
  const bool ends_in_order = GENERATE(true, false);
  world.delivers("fib", 1, "one", same);
  world.delivers("fib", 2, "two", same);
  const auto first = world.requests.at(0).id, second = world.requests.at(1).id;
  const auto reply = [&](RequestId id) {
    world.server.reply(id, {"done"}, world.peer->now);
    world.hears_reply("fib", "x", "done");
    world.hears_ack("fib", id == first ? 1 : 2);
  };
  reply(ends_in_order ? first : second);
  world.cancels("x", "1");
  if (ends_in_order) {
    CHECK(world.cancelled == std::vector{second});
    world.hears_reply("fib", "x", told_cancelled);
    world.server.drop(second);
    world.hears_ack("fib", 2);
  } else {
    CHECK(world.cancelled.empty());  // it comes too late for the one that it can be meant for
    reply(first);
  }
  world.cancels("x", "1");
  CHECK(world.cancelled.size() == (ends_in_order ? 1 : 0));
  CHECK(world.peer->hears_nothing());
  CHECK(world.server.running_requests() == 0);
}

TEST_CASE("a caller whose request was lost with its connection can cancel it when it comes again, and not before") {
  ServerWorld world{{{"fib", {}}}};
  world.agrees();
  const BasicProperties same{.correlation_id = "1", .reply_to = "x"};
  world.delivers("fib", 1, "1", same);
  world.vanishes();
  CHECK(world.cancelled.size() == 1);
  world.server.drop(world.requests.at(0).id);
  world.connects();
  world.agrees();
  world.cancels("x", "1");  // before the request is there again
  CHECK(world.peer->hears_nothing());
  world.delivers("fib", 1, "1", same, true);
  world.hears_reply("fib", "x", told_cancelled);
  world.hears_ack("fib", 1);
  CHECK(world.requests.size() == 1);
  world.delivers("fib", 2, "1", same, true);
  CHECK(world.requests.size() == 2);
  world.cancels("x", "1");
  CHECK(world.cancelled == std::vector{world.requests[0].id, world.requests[1].id});
  world.hears_reply("fib", "x", told_cancelled);
}

TEST_CASE("only an address that was written to on the connection that ended is acked first, and only once") {
  ServerWorld world{{{"fib", {}}}};
  world.agrees();
  const std::string before = "amq.rabbitmq.reply-to.before", after = "amq.rabbitmq.reply-to.after";
  const auto asks_and_gets = [&](std::uint64_t tag, const std::string& address, bool is_acked_first) {
    world.delivers("fib", tag, "1", {.correlation_id = "1", .reply_to = ShortString{address}}, true);
    world.server.reply(world.requests.back().id, {"one"}, world.peer->now);
    if (is_acked_first) world.hears_ack("fib", tag);
    world.hears_reply("fib", address, "one");
    if (!is_acked_first) world.hears_ack("fib", tag);
    CHECK(world.peer->hears_nothing());
  };
  asks_and_gets(1, before, false);
  world.vanishes();
  world.connects();
  world.agrees();
  asks_and_gets(1, after, false);
  world.peer->says(0, connection::Close{.reply_code = 541, .reply_text = "INTERNAL_ERROR"});
  world.connects();
  world.agrees();
  asks_and_gets(1, before, false);
  asks_and_gets(2, after, true);
  asks_and_gets(3, after, false);
}

}  // namespace
}  // namespace pocketmq::server
