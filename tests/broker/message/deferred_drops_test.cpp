#include "broker/message/deferred_drops.hpp"

#include "broker/session/broker.hpp"
#include "tests/support/lone_queue.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

constexpr std::size_t very_many_dropped = 100'000;

}  // namespace

TEST_CASE("a few purged messages are dropped at once") {
  LoneQueue queue;
  auto& memory = queue.context().memory();
  const auto before = memory.used();
  for (int i = 0; i < 100; ++i) queue.publish("message");
  CHECK(memory.used() > 100 * 100);
  CHECK(queue->purge() == 100);
  CHECK(memory.used() == before);
  CHECK(queue.is_idle());
}

TEST_CASE("very many purged messages are dropped a slice a turn and count as memory in use until then") {
  LoneQueue queue;
  auto& memory = queue.context().memory();
  const auto before = memory.used();
  for (std::size_t i = 0; i < very_many_dropped; ++i) queue.publish("message");
  const auto each = (memory.used() - before) / very_many_dropped;
  CHECK(queue->purge() == very_many_dropped);
  CHECK(queue->ready() == 0);
  CHECK(memory.used() < before + very_many_dropped * each);
  CHECK(memory.used() > very_many_dropped / 2 * each);
  const auto left = memory.used();
  queue.publish("another");
  CHECK(memory.used() == left + each);
  queue.take_turn();
  CHECK(memory.used() < left);
  CHECK(memory.used() > before + each);
  CHECK(queue->purge() == 1);
  for (int turns = 0; memory.used() > before; ++turns) {
    REQUIRE(turns < 3);
    queue.take_turn();
  }
  CHECK(queue.is_idle());
}

TEST_CASE("a queue with very many messages may be purged and deleted and its name used again") {
  World world;
  auto alice = world.connect();
  alice.declares("q");
  for (std::size_t i = 0; i < very_many_dropped / 2; ++i) alice.publishes("q", "x");
  SECTION("purged") {
    alice.purges("q", very_many_dropped / 2).publishes("q", "y").finds("q", {.messages = 1}).purges("q", 1);
  }
  SECTION("deleted") { alice.deletes("q", very_many_dropped / 2).declares("q").publishes("q", "y").purges("q", 1); }
  CHECK(world.broker().context().memory().used() < 10'000);
}

}  // namespace pocketmq::tests
