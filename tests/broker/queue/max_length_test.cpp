// Limits of length: x-max-length, x-max-length-bytes, and what x-overflow does about them.
#include "broker/queue/queue.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using Arguments = protocol::FieldTableWriter;

}  // namespace

TEST_CASE("a full queue drops its first message") {
  World world;
  auto alice = world.connect();
  alice.declares({.queue = "q", .arguments = Arguments{}.int32("x-max-length", 2).table()});
  alice.publishes("q", {"1", "2", "3", "4"}).finds("q", {.messages = 2}).gets("q", "3").gets("q", "4");
}

TEST_CASE("the bytes of a queue are those of its bodies") {
  World world;
  auto alice = world.connect();
  const std::string name(100, 'n');
  alice.declares({.queue = "q", .arguments = Arguments{}.int32("x-max-length-bytes", 10).table()});
  alice.publishes("q", {.body = "aaaa", .properties = {.app_id = name}}).publishes("q", {"bbbb", "cc", "dd"});
  alice.gets("q", message("bbbb").leaving(2)).gets("q", "cc").gets("q", "dd");
  alice.publishes("q", "more than ten").gets_nothing("q");
}

TEST_CASE("unacked messages do not count until they come back") {
  World world;
  auto alice = world.connect();
  alice.declares({.queue = "q", .arguments = Arguments{}.int32("x-max-length", 2).table()});
  alice.publishes("q", {"1", "2"}).gets("q", "1").gets("q", "2").publishes("q", {"3", "4"});
  alice.finds("q", {.messages = 2}).requeues_all().finds("q", {.messages = 2}).gets("q", "3").gets("q", "4");
}

TEST_CASE("a waiting consumer gets what a queue of length 0 cannot keep") {
  World world;
  auto alice = world.connect();
  alice.declares({.queue = "q", .arguments = Arguments{}.int32("x-max-length", 0).table()});
  alice.publishes("q", "1").gets_nothing("q").consumes("q").publishes("q", "2").receives("2");
}

TEST_CASE("a full queue that rejects keeps what it has") {
  World world;
  auto alice = world.connect();
  const auto arguments = Arguments{}.int32("x-max-length", 2).string("x-overflow", "reject-publish");
  alice.declares({.queue = "q", .arguments = arguments.table()}).publishes("q", {"1", "2", "3"});
  alice.finds("q", {.messages = 2}).gets("q", "1").publishes("q", {"4", "5"}).finds("q", {.messages = 2});
  alice.requeues("1").finds("q", {.messages = 3}).gets("q", redelivered("1")).gets("q", "2").gets("q", "4");
}

TEST_CASE("a publisher learns what a full queue refused but not what it dropped") {
  World world;
  auto alice = world.connect();
  const std::string overflow = GENERATE(as<std::string>{}, "drop-head", "reject-publish", "reject-publish-dlx");
  const auto arguments = Arguments{}.int32("x-max-length", 1).string("x-overflow", overflow);
  alice.declares({.queue = "q", .arguments = arguments.table()}).selects_confirms();
  alice.publishes("q", "1").is_confirmed(1).publishes("q", "2");
  if (overflow == "drop-head")
    alice.is_confirmed(2).gets("q", "2");
  else
    alice.is_refused(2).gets("q", "1");
}

TEST_CASE("a queue that rejects counts the message that comes") {
  World world;
  auto alice = world.connect();
  const auto arguments = Arguments{}.int32("x-max-length-bytes", 10).string("x-overflow", "reject-publish");
  alice.declares({.queue = "q", .arguments = arguments.table()}).publishes("q", {"aaaaaa", "bbbbb", "cccc", "d", ""});
  alice.gets("q", "aaaaaa").gets("q", "cccc").gets("q", "").gets_nothing("q");
}

TEST_CASE("a queue of length 0 that rejects does so even while a consumer waits") {
  World world;
  auto alice = world.connect();
  const auto arguments = Arguments{}.int32("x-max-length", 0).string("x-overflow", "reject-publish");
  alice.declares({.queue = "q", .arguments = arguments.table()}).consumes("q").publishes("q", "1").receives_nothing();
}

TEST_CASE("what has expired makes room") {
  World world;
  auto alice = world.connect();
  const auto arguments =
      Arguments{}.int32("x-max-length", 1).string("x-overflow", "reject-publish").int32("x-message-ttl", 100);
  alice.declares({.queue = "q", .arguments = arguments.table()}).publishes("q", "1");
  world.advance(100ms);
  alice.publishes("q", "2").gets("q", "2");
}

TEST_CASE("a full queue with priorities drops the message that would leave first") {
  World world;
  auto alice = world.connect();
  const auto arguments = Arguments{}.int32("x-max-length", 3).int32("x-max-priority", 5);
  alice.declares({.queue = "q", .arguments = arguments.table()});
  for (const std::string body : {"a1", "b2", "c1", "d3", "e1"})
    alice.publishes("q", {.body = body, .properties = {.priority = static_cast<std::uint8_t>(body[1] - '0')}});
  alice.gets("q", "a1").gets("q", "c1").gets("q", "e1").gets_nothing("q");
}

TEST_CASE("a quorum queue that rejects takes one more than its length and opens again at four fifths") {
  World world;
  auto alice = world.connect();
  const auto arguments =
      Arguments{}.string("x-queue-type", "quorum").int32("x-max-length", 2).string("x-overflow", "reject-publish");
  alice.declares({.queue = "q", .durable = true, .arguments = arguments.table()});
  alice.publishes("q", {"1", "2", "3", "4", "5"}).finds("q", {.messages = 3});
  alice.gets("q", "1").publishes("q", "6").finds("q", {.messages = 2});
  alice.gets("q", "2").publishes("q", {"7", "8", "9"}).gets("q", "3").gets("q", "7").gets("q", "8").gets_nothing("q");
}

TEST_CASE("a quorum queue takes reject-publish-dlx for drop-head") {
  World world;
  auto alice = world.connect();
  const auto arguments =
      Arguments{}.string("x-queue-type", "quorum").int32("x-max-length", 2).string("x-overflow", "reject-publish-dlx");
  alice.declares({.queue = "q", .durable = true, .arguments = arguments.table()});
  alice.publishes("q", {"1", "2", "3"}).gets("q", "2").gets("q", "3").gets_nothing("q");
}

}  // namespace pocketmq::tests
