// x-max-priority: messages of a higher priority leave first.
#include "broker/queue/queue.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using Arguments = protocol::FieldTableWriter;

Publication of_priority(std::uint8_t priority, std::string_view body,
                        std::optional<protocol::ShortString> expiration = {}) {
  return {.body = body, .properties = {.priority = priority, .expiration = expiration}};
}

}  // namespace

TEST_CASE("messages leave by priority and within one in order") {
  World world;
  auto alice = world.connect();
  alice.declares({.queue = "q", .arguments = Arguments{}.int32("x-max-priority", 5).table()});
  alice.publishes("q", "none").publishes("q", of_priority(0, "0")).publishes("q", of_priority(9, "9"));
  alice.publishes("q", of_priority(5, "5")).publishes("q", of_priority(3, "3a")).publishes("q", of_priority(3, "3b"));
  alice.publishes("q", of_priority(255, "255"));
  // More than the maximum is the maximum, none is 0.
  alice.consumes("q").receives("9", "5", "255", "3a", "3b", "none", "0");
}

TEST_CASE("what comes back keeps its priority and its place") {
  World world;
  auto alice = world.connect();
  alice.declares({.queue = "q", .arguments = Arguments{}.int32("x-max-priority", 5).table()});
  alice.publishes("q", of_priority(4, "4a")).publishes("q", of_priority(4, "4b")).publishes("q", of_priority(1, "1"));
  alice.gets("q", "4a").gets("q", "4b").gets("q", "1").requeues("1").requeues("4b").requeues("4a");
  alice.publishes("q", of_priority(4, "4c")).publishes("q", of_priority(2, "2"));
  alice.consumes("q").receives(redelivered("4a"), redelivered("4b"), "4c", "2", redelivered("1"));
}

TEST_CASE("without a maximum messages have no priority") {
  World world;
  auto alice = world.connect();
  SECTION("not given") { alice.declares("q"); }
  SECTION("0") { alice.declares({.queue = "q", .arguments = Arguments{}.int32("x-max-priority", 0).table()}); }
  alice.publishes("q", of_priority(1, "1")).publishes("q", of_priority(9, "9")).consumes("q").receives("1", "9");
}

TEST_CASE("messages expire at the head of all priorities") {
  World world;
  auto alice = world.connect();
  alice.declares({.queue = "q", .arguments = Arguments{}.int32("x-max-priority", 5).table()});
  alice.publishes("q", of_priority(5, "high")).publishes("q", of_priority(1, "ends", "200"));
  alice.publishes("q", of_priority(1, "lasts")).publishes("q", of_priority(1, "ends too", "100"));
  world.advance(600ms);
  alice.finds("q", {.messages = 4}).gets("q", message("high").leaving(2)).gets("q", message("lasts").leaving(0));
}

TEST_CASE("all 256 priorities are told apart") {
  World world{WorldSetup{.encoding = Encoding::amqp}};
  auto alice = world.connect();
  alice.declares({.queue = "q", .arguments = Arguments{}.int32("x-max-priority", 255).table()});
  for (int priority = 0; priority < 256; priority += 5)
    alice.publishes("q", of_priority(static_cast<std::uint8_t>(priority), std::to_string(priority)));
  for (int priority = 255; priority >= 0; priority -= 5) alice.gets("q", std::to_string(priority));
  alice.gets_nothing("q");
}

}  // namespace pocketmq::tests
