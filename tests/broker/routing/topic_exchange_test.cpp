// Topic exchanges, in stories; topic_trie_test.cpp has what matches what.
#include "tests/support/world.hpp"

namespace pocketmq::tests {

TEST_CASE("a topic exchange routes by pattern") {
  World world;
  auto alice = world.connect();
  alice.declares("critical").declares("kernel").declares("all");
  alice.binds("critical", "amq.topic", "*.critical")
      .binds("kernel", "amq.topic", "kern.*")
      .binds("all", "amq.topic", "#");
  alice.publishes_to("amq.topic", "kern.critical", "1").publishes_to("amq.topic", "cron.critical", "2");
  alice.publishes_to("amq.topic", "kern.info", "3").publishes_to("amq.topic", "kern.info.more", "4");
  alice.gets("critical", "1").gets("critical", message("2").leaving(0));
  alice.gets("kernel", "1").gets("kernel", message("3").leaving(0));
  alice.gets("all", "1").gets("all", "2").gets("all", "3").gets("all", message("4").leaving(0));
}

TEST_CASE("a pattern that is unbound matches no more and its equals stay") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares("r").binds("q", "amq.topic", "a.#").binds("r", "amq.topic", "a.#");
  alice.unbinds("q", "amq.topic", "a.#").publishes_to("amq.topic", "a.b", "m").gets_nothing("q").gets("r", "m");
}

TEST_CASE("arguments mean nothing to a topic exchange") {
  World world;
  auto alice = world.connect();
  protocol::FieldTableWriter arguments;
  arguments.string("x-match", "wurst");
  alice.declares("q").binds(
      {.queue = "q", .exchange = "amq.topic", .routing_key = "*", .arguments = arguments.table()});
  alice.publishes_to("amq.topic", "a", "m").gets("q", "m");
}

}  // namespace pocketmq::tests
