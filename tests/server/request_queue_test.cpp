#include "server/request_queue.hpp"

#include "tests/server/server_world.hpp"

namespace pocketmq::server {
namespace {

using namespace protocol;
using namespace std::chrono_literals;
using Strings = std::vector<std::string>;

void loses_fib(ServerWorld& world) {
  const auto& consumer = world.consumers.at("fib");
  world.peer->says(consumer.channel, basic::Cancel{.consumer_tag = ShortString{consumer.tag}, .no_wait = true});
}

TEST_CASE("a queue that is lost again soon after it was consumed is tried ever more rarely, until it lasts") {
  ServerWorld world{{{"fib", {}}}};
  world.agrees();
  const auto pause_after = [&](std::chrono::milliseconds time) {
    world.peer->advance(time);
    loses_fib(world);
    const auto pause = world.ticks_after();
    CHECK(world.agrees() == Strings{"basic.qos", "queue.declare fib", "basic.consume fib"});
    return pause;
  };
  CHECK(pause_after(1ms) <= 50ms);
  const auto second = pause_after(1ms);
  CHECK((second > 50ms && second <= 100ms));
  const auto third = pause_after(5s);  // as long as the longest pause
  CHECK((third > 100ms && third <= 200ms));
  CHECK(pause_after(5s + 1ms) <= 50ms);
  CHECK(pause_after(1ms) > 50ms);
}

TEST_CASE("a server that stops while it waits to consume a lost queue again does not consume it") {
  ServerWorld world{{{"fib", {}}}};
  world.agrees();
  loses_fib(world);
  CHECK(world.server.deadline() < TimePoint::max());
  int drained = 0;
  world.server.stop([&] { ++drained; });
  CHECK(drained == 1);
  CHECK(world.server.deadline() == TimePoint::max());
  world.server.tick(world.peer->now + 1h);
  CHECK(world.peer->hears_nothing());
}

TEST_CASE("a server that may open no more channels does not start, and says so once") {
  ServerWorld world{fib_and_fac()};
  bool has_refused = false;
  while (const auto command = world.peer->next_if_any()) {
    if (command->channel == 3 && !std::exchange(has_refused, true))  // the second queue's
      world.peer->says(3, channel::Close{.reply_code = 504, .reply_text = "CHANNEL_ERROR - too many"});
    else
      world.agree(*command);
  }
  CHECK(world.opened.size() == 1);
  CHECK_FALSE(world.opened.at(0).empty());
  CHECK(world.agrees().empty());
  CHECK(world.server.deadline() == TimePoint::max());
}

TEST_CASE("a queue whose channel the broker closes is consumed again on another channel after a pause") {
  ServerWorld world{{{"fib", {}}}};
  world.agrees();
  const auto channel = world.consumers.at("fib").channel;
  world.peer->says(channel, channel::Close{.reply_code = 406, .reply_text = "PRECONDITION_FAILED - timeout"});
  CHECK(world.agrees() == Strings{"channel.close-ok", "channel.open"});
  CHECK(world.troubles == Strings{"PRECONDITION_FAILED - timeout"});
  CHECK(world.server.deadline() > world.peer->now);
  CHECK(world.ticks_after() <= 50ms);
  CHECK(world.agrees() == Strings{"basic.qos", "queue.declare fib", "basic.consume fib"});
  CHECK(world.server.deadline() == TimePoint::max());
}

TEST_CASE("a queue is not tried again when its connection is lost while it waits") {
  ServerWorld world{{{"fib", {}}}};
  world.agrees();
  loses_fib(world);
  CHECK(world.server.deadline() < TimePoint::max());
  world.vanishes();
  CHECK(world.server.deadline() == TimePoint::max());
  CHECK(world.opened.size() == 1);
  CHECK(world.troubles.size() == 1);
}

}  // namespace
}  // namespace pocketmq::server
