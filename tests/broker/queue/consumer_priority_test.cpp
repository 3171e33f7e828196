// x-priority of consumers: the higher ones come first, until they can take no more.
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using Arguments = protocol::FieldTableWriter;

Client consumes_with_priority(const Client& client, std::int32_t priority, std::string_view tag, bool no_ack = false) {
  const auto arguments = Arguments{}.int32("x-priority", priority);
  return client.consumes({.queue = "q", .consumer_tag = tag, .no_ack = no_ack, .arguments = arguments.table()});
}

}  // namespace

TEST_CASE("consumers of a higher priority come first until their prefetch is full") {
  World world;
  auto alice = world.connect();
  alice.declares("q").prefetches(1);
  consumes_with_priority(alice, 0, "low");
  consumes_with_priority(alice, 10, "high");
  consumes_with_priority(alice, 5, "middle");
  alice.publishes("q", {"1", "2", "3", "4"});
  alice.receives(message("1").to("high"), message("2").to("middle"), message("3").to("low"));
  alice.acks("3").receives(message("4").to("low"));
  alice.acks("1").acks("2").publishes("q", {"5", "6"}).receives(message("5").to("high"), message("6").to("middle"));
}

TEST_CASE("consumers of one priority take turns and leave nothing for lower ones") {
  World world;
  auto alice = world.connect();
  alice.declares("q").consumes({.queue = "q", .consumer_tag = "plain", .no_ack = true});
  consumes_with_priority(alice, 10, "a", true);
  consumes_with_priority(alice, 10, "b", true);
  consumes_with_priority(alice, -1, "least", true);
  alice.publishes("q", {"1", "2", "3", "4", "5"});
  alice.receives(message("1").to("a"), message("2").to("b"), message("3").to("a"), message("4").to("b"),
                 message("5").to("a"));
  alice.cancels("a").cancels("b").publishes("q", "6").receives(message("6").to("plain"));
  alice.cancels("plain").publishes("q", "7").receives(message("7").to("least"));
}

TEST_CASE("a consumer that stops reading yields to a lower one") {
  World world{{.options = {.limits = {.output_deliver_bytes = 1'000}}}};
  auto alice = world.connect(), bob = world.connect(), carol = world.connect();
  carol.declares("q");
  consumes_with_priority(alice, 1, "high", true);
  consumes_with_priority(bob, 0, "low", true);
  alice.stops_reading();
  const std::string large(2'000, 'x');
  carol.publishes("q", large).publishes("q", "next");
  bob.receives("next");
  alice.reads_all().receives(large);
  carol.publishes("q", "back");
  alice.receives("back");
}

TEST_CASE("a consumer's priority is an integer") {
  World world;
  auto alice = world.connect();
  Arguments arguments;
  auto [value, type] = GENERATE(table<std::string, std::string>({{"S", "longstr"}, {"d", "double"}, {"t", "bool"}}));
  if (value == "S") arguments.string("x-priority", "5");
  if (value == "d") arguments.value("x-priority", {'d', std::string_view{"\x3f\xf8\0\0\0\0\0\0", 8}});
  if (value == "t") arguments.boolean("x-priority", true);
  alice.declares("q").sends(basic::Consume{.queue = "q", .arguments = arguments.table()});
  alice.channel_is_closed(ReplyCode::precondition_failed,
                          "PRECONDITION_FAILED - invalid arg 'x-priority' for queue 'q' in vhost '/': \"expected "
                          "integer, got "
                              + type + "\"");
}

TEST_CASE("a consumer's priority may be of any width") {
  World world;
  auto alice = world.connect();
  alice.declares("q").consumes({.queue = "q", .arguments = Arguments{}.int64("x-priority", 1LL << 40).table()});
  alice.consumes({.queue = "q", .arguments = Arguments{}.value("x-priority", {'b', "\x03"}).table()});
}

}  // namespace pocketmq::tests
