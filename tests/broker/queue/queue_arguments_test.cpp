// The arguments of queue.declare: which are checked, and how two declarations are compared.
#include "broker/queue/queue_arguments.hpp"

#include <list>

#include "broker/core/errors.hpp"
#include "broker/queue/queue.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using ReplyCode::precondition_failed;

protocol::FieldTableWriter of_type(std::string_view type) {
  protocol::FieldTableWriter arguments;
  arguments.string("x-queue-type", type);
  return arguments;
}

std::string invalid(const std::string& property) {
  return "PRECONDITION_FAILED - invalid property '" + property + "' for queue 'q' in vhost '/'";
}

}  // namespace

TEST_CASE("arguments outlive the table that they were read from") {
  std::optional<broker::QueueArguments> arguments;
  {
    const auto table = of_type("quorum");
    arguments.emplace(table.table());
  }
  CHECK(arguments->table() == of_type("quorum").table());
}

TEST_CASE("classic and quorum queues are declared and work alike") {
  World world;
  auto alice = world.connect();
  const auto type = of_type(GENERATE(as<std::string>{}, "classic", "quorum"));
  const queue::Declare declaration{.queue = "q", .durable = true, .arguments = type.table()};
  alice.declares(declaration).declares(declaration).publishes("q", {"1", "2"});
  alice.consumes("q").receives("1", "2").acks_all().deletes("q");
}

TEST_CASE("a quorum queue is durable not exclusive and not auto-delete") {
  World world;
  auto alice = world.connect();
  const auto quorum = of_type("quorum");
  auto [declaration, property] = GENERATE(table<queue::Declare, std::string>({
      {{.queue = "q"}, "non-durable"},
      {{.queue = "q", .durable = true, .exclusive = true}, "exclusive-owner"},
      {{.queue = "q", .exclusive = true}, "exclusive-owner"},
      {{.queue = "q", .durable = true, .auto_delete = true}, "auto-delete"},
      {{.queue = "q", .exclusive = true, .auto_delete = true}, "auto-delete"},
  }));
  declaration.arguments = quorum.table();
  alice.sends(declaration).channel_is_closed(precondition_failed, invalid(property));
  CHECK_FALSE(world.has_queue("q"));
}

TEST_CASE("a quorum queue has a name of its own") {
  World world;
  const auto quorum = of_type("quorum");
  world.connect()
      .sends(queue::Declare{.durable = true, .arguments = quorum.table()})
      .channel_is_closed(precondition_failed,
                         "PRECONDITION_FAILED - Cannot declare a server-named queue for type rabbit_quorum_queue");
}

TEST_CASE("a queue type that is not there is refused by name") {
  World world;
  const std::string type = GENERATE(as<std::string>{}, "foo", "", "Classic");
  const auto arguments = of_type(type);
  world.connect()
      .sends(queue::Declare{.queue = "q", .arguments = arguments.table()})
      .channel_is_closed(precondition_failed,
                         "PRECONDITION_FAILED - invalid arg 'x-queue-type' for queue 'q' in vhost '/': \"unsupported "
                         "queue type '"
                             + type + "'\"");
}

TEST_CASE("a queue type that is no string is refused") {
  World world;
  protocol::FieldTableWriter arguments;
  arguments.int32("x-queue-type", 5);
  world.connect()
      .sends(queue::Declare{.queue = "q", .arguments = arguments.table()})
      .channel_is_closed(precondition_failed,
                         "PRECONDITION_FAILED - invalid arg 'x-queue-type' for queue 'q' in vhost '/': a longstr is "
                         "wanted, a signedint was given");
}

TEST_CASE("a stream is refused on its channel") {
  World world;
  const auto stream = of_type("stream");
  world.connect()
      .sends(queue::Declare{.queue = "q", .durable = true, .arguments = stream.table()})
      .channel_is_closed(precondition_failed,
                         "PRECONDITION_FAILED - invalid arg 'x-queue-type' for queue 'q' in vhost '/': PocketMQ has no "
                         "streams; declare a 'classic' or 'quorum' queue");
}

TEST_CASE("unknown arguments are accepted and not compared") {
  World world;
  protocol::FieldTableWriter one, other;
  one.string("x-foo", "1").boolean("foo", true);
  other.int32("x-foo", 2);
  auto alice = world.connect();
  alice.declares({.queue = "q", .arguments = one.table()}).declares({.queue = "q", .arguments = other.table()});
  alice.declares("q");
}

TEST_CASE("no queue type and classic are the same") {
  World world;
  const auto classic = of_type("classic");
  auto alice = world.connect();
  alice.declares("q").declares({.queue = "q", .arguments = classic.table()}).declares("q");
  alice.declares({.queue = "r", .arguments = classic.table()}).declares("r");
}

TEST_CASE("a queue type that differs is told with both values") {
  World world;
  auto alice = world.connect();
  const auto classic = of_type("classic"), quorum = of_type("quorum");
  const auto inequivalent = [](const std::string& difference) {
    return "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue 'q' in vhost '/': " + difference;
  };
  SECTION("none is current") {
    alice.declares({.queue = "q", .durable = true});
    alice.sends(queue::Declare{.queue = "q", .durable = true, .arguments = quorum.table()});
    alice.channel_is_closed(precondition_failed,
                            inequivalent("received the value 'quorum' of type 'longstr' but current is none"));
  }
  SECTION("none is given") {
    alice.declares({.queue = "q", .durable = true, .arguments = quorum.table()});
    alice.sends(queue::Declare{.queue = "q", .durable = true});
    alice.channel_is_closed(precondition_failed,
                            inequivalent("received none but current is the value 'quorum' of type 'longstr'"));
  }
  SECTION("both are") {
    alice.declares({.queue = "q", .durable = true, .arguments = quorum.table()});
    alice.sends(queue::Declare{.queue = "q", .durable = true, .arguments = classic.table()});
    alice.channel_is_closed(precondition_failed, inequivalent("received 'classic' but current is 'quorum'"));
  }
}

TEST_CASE("a difference of fields is told before one of arguments") {
  World world;
  auto alice = world.connect();
  const auto quorum = of_type("quorum");
  alice.declares("q").sends(queue::Declare{.queue = "q", .durable = true, .arguments = quorum.table()});
  alice.channel_is_closed(
      precondition_failed,
      "PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'q' in vhost '/': received 'true' "
      "but current is 'false'");
}

namespace {

using Arguments = protocol::FieldTableWriter;
using protocol::FieldValue;

constexpr std::string_view one_and_a_half{"\x3f\xf8\0\0\0\0\0\0", 8};
constexpr std::string_view hundred_as_real{"\x40\x59\0\0\0\0\0\0", 8};

struct Refusal {
  std::string argument;
  FieldValue value;
  std::string why;
};

// An integer that fits 32 bits, or one that does not.
FieldValue number(std::int64_t value) {
  static std::list<Arguments> kept;
  auto& table = kept.emplace_back();
  if (value == static_cast<std::int32_t>(value))
    table.int32("n", static_cast<std::int32_t>(value));
  else
    table.int64("n", value);
  return *table.table().find("n");
}

FieldValue text(std::string_view value) { return {'S', value}; }

}  // namespace

TEST_CASE("an argument that is not valid is refused with its reason") {
  const auto& [argument, value, why] = GENERATE(values<Refusal>({
      {"x-message-ttl", text("abc"), "\"expected integer, got longstr\""},
      {"x-message-ttl", {'d', one_and_a_half}, "\"expected integer, got double\""},
      {"x-message-ttl", {'t', "\1"}, "\"expected integer, got bool\""},
      {"x-message-ttl", {}, "\"expected integer, got void\""},
      {"x-message-ttl", {'A', ""}, "\"expected integer, got array\""},
      {"x-message-ttl", number(-1), "-1 is negative"},
      {"x-message-ttl", number(315'360'000'001), "315360000001 is too large, the most is 315360000000"},
      {"x-expires", number(0), "0 is too small, the least is 1"},
      {"x-expires", number(315'360'000'001), "315360000001 is too large, the most is 315360000000"},
      {"x-max-length", number(-1), "-1 is negative"},
      {"x-max-length-bytes", text("5"), "\"expected integer, got longstr\""},
      {"x-max-priority", number(256), "256 is too large, the most is 255"},
      {"x-max-priority", number(-1), "-1 is negative"},
      {"x-overflow", text("foo"), "'foo' is none of 'drop-head', 'reject-publish', 'reject-publish-dlx'"},
      {"x-overflow", number(5), "a longstr is wanted, a signedint was given"},
      {"x-queue-mode", text("foo"), "\"unsupported queue mode 'foo'\""},
      {"x-queue-version", number(3), "\"unsupported queue version '3'\""},
      {"x-single-active-consumer", text("true"), "a bool is wanted, a longstr was given"},
      {"x-dead-letter-routing-key", number(5), "a longstr is wanted, a signedint was given"},
      {"x-dead-letter-routing-key", text("k"), "it is of no use without x-dead-letter-exchange, which is not given"},
      {"x-consumer-timeout", text("a"), "\"expected integer, got longstr\""},
  }));
  World world{Encoding::amqp};
  Arguments arguments;
  arguments.value(argument, value);
  world.connect()
      .sends(queue::Declare{.queue = "q", .arguments = arguments.table()})
      .channel_is_closed(precondition_failed,
                         "PRECONDITION_FAILED - invalid arg '" + argument + "' for queue 'q' in vhost '/': " + why);
  CHECK_FALSE(world.has_queue("q"));
}

TEST_CASE("a dead-letter exchange that is no string is refused before anything else") {
  World world;
  const auto arguments = Arguments{}.int32("x-dead-letter-exchange", 5).int32("x-expires", -1);
  world.connect()
      .sends(queue::Declare{.queue = "q", .arguments = arguments.table()})
      .channel_is_closed(
          precondition_failed,
          "PRECONDITION_FAILED - invalid type 'signedint' for arg 'x-dead-letter-exchange' in queue 'q' in vhost '/'");
}

TEST_CASE("valid arguments are accepted in every width") {
  World world{Encoding::amqp};
  auto alice = world.connect();
  const auto arguments = Arguments{}
                             .value("x-message-ttl", {'b', "\5"})
                             .value("x-expires", number(315'360'000'000))
                             .value("x-max-length", {'s', std::string_view{"\0\5", 2}})
                             .value("x-max-length-bytes", number(8'640'000'000'000))
                             .value("x-max-priority", {'B', "\xff"})
                             .string("x-overflow", "drop-head")
                             .string("x-queue-mode", "lazy")
                             .int32("x-queue-version", 2)
                             .boolean("x-single-active-consumer", false)
                             .string("x-dead-letter-exchange", "")
                             .string("x-dead-letter-routing-key", "")
                             .int32("x-queue-master-locator", 5)
                             .string("x-cancel-on-ha-failover", "whatever");
  alice.declares({.queue = "q", .arguments = arguments.table()});
  alice.declares({.queue = "q", .arguments = arguments.table()});
}

TEST_CASE("an argument of another queue type is refused") {
  World world;
  const auto& [argument, type] = GENERATE(table<std::string, std::string>({
      {"x-delivery-limit", "classic"},
      {"x-dead-letter-strategy", "classic"},
      {"x-quorum-initial-group-size", "classic"},
      {"x-max-in-memory-length", "classic"},
      {"x-max-age", "classic"},
      {"x-queue-leader-locator", "classic"},
      {"x-max-priority", "quorum"},
      {"x-queue-mode", "quorum"},
      {"x-queue-version", "quorum"},
      {"x-queue-master-locator", "quorum"},
      {"x-max-age", "quorum"},
  }));
  auto arguments = of_type(type);
  if (argument == "x-dead-letter-strategy")
    arguments.string(argument, "at-most-once");
  else if (argument == "x-queue-mode")
    arguments.string(argument, "lazy");
  else if (argument == "x-queue-leader-locator" || argument == "x-queue-master-locator")
    arguments.string(argument, "client-local");
  else
    arguments.int32(argument, 1);
  world.connect()
      .sends(queue::Declare{.queue = "q", .durable = true, .arguments = arguments.table()})
      .channel_is_closed(precondition_failed, "PRECONDITION_FAILED - invalid arg '" + argument
                                                  + "' for queue 'q' in vhost '/' of queue type rabbit_" + type
                                                  + "_queue");
}

TEST_CASE("a quorum queue has arguments of its own") {
  World world;
  auto alice = world.connect();
  auto arguments = of_type("quorum")
                       .int32("x-delivery-limit", 3)
                       .string("x-dead-letter-strategy", "at-least-once")
                       .int32("x-quorum-initial-group-size", 3)
                       .int32("x-max-in-memory-length", 0)
                       .string("x-queue-leader-locator", "balanced");
  alice.declares({.queue = "q", .durable = true, .arguments = arguments.table()});
  auto zero = of_type("quorum").int32("x-quorum-initial-group-size", 0);
  alice.sends(queue::Declare{.queue = "r", .durable = true, .arguments = zero.table()});
  alice.channel_is_closed(precondition_failed,
                          "PRECONDITION_FAILED - invalid arg 'x-quorum-initial-group-size' for queue 'r' in vhost "
                          "'/': 0 is too small, the least is 1");
}

TEST_CASE("an argument that differs is told with both values") {
  World world{Encoding::amqp};
  auto alice = world.connect();
  struct Difference {
    std::string argument;
    FieldValue current;
    FieldValue given;
    std::string told;
  };
  const auto& [argument, current, given, told] = GENERATE(values<Difference>({
      {"x-message-ttl", number(100), number(200), "received '200' but current is '100'"},
      {"x-message-ttl", number(100), {'d', hundred_as_real}, "received '100.0' but current is '100'"},
      {"x-max-length", number(5), number(6), "received '6' but current is '5'"},
      {"x-expires", number(10'000), number(20'000), "received '20000' but current is '10000'"},
      {"x-dead-letter-exchange", text("a"), text("b"), "received 'b' but current is 'a'"},
      {"x-overflow", text("reject-publish"), text("drop-head"), "received 'drop-head' but current is 'reject-publish'"},
      {"x-message-ttl", number(100), text("abc"), "received 'abc' but current is '100'"},
  }));
  alice.declares({.queue = "q", .arguments = Arguments{}.value(argument, current).table()});
  const auto text_begins = "PRECONDITION_FAILED - inequivalent arg '" + argument + "' for queue 'q' in vhost '/': ";
  SECTION("both given") {
    alice.sends(queue::Declare{.queue = "q", .arguments = Arguments{}.value(argument, given).table()});
    alice.channel_is_closed(precondition_failed, text_begins + told);
  }
  SECTION("none given") {
    alice.sends(queue::Declare{.queue = "q"});
    const auto shown = current.integer() ? std::to_string(*current.integer()) : std::string{current.bytes};
    const std::string type = current.integer() ? "signedint" : "longstr";
    alice.channel_is_closed(precondition_failed, text_begins + "received none but current is the value '" + shown
                                                     + "' of type '" + type + "'");
  }
}

TEST_CASE("an argument that is new is told with its value and type") {
  World world;
  auto alice = world.connect();
  const auto arguments = Arguments{}.boolean("x-single-active-consumer", true);
  alice.declares("q").sends(queue::Declare{.queue = "q", .arguments = arguments.table()});
  alice.channel_is_closed(precondition_failed,
                          "PRECONDITION_FAILED - inequivalent arg 'x-single-active-consumer' for queue 'q' in vhost "
                          "'/': received the value 'true' of type 'bool' but current is none");
}

TEST_CASE("the width of an integer and the type of a text make no difference") {
  World world{Encoding::amqp};
  auto alice = world.connect();
  const auto some = Arguments{}.int32("x-message-ttl", 100).string("x-dead-letter-exchange", "e");
  const auto other = Arguments{}.int64("x-message-ttl", 100).value("x-dead-letter-exchange", {'x', "e"});
  alice.declares({.queue = "q", .arguments = some.table()}).declares({.queue = "q", .arguments = other.table()});
}

TEST_CASE("differing arguments are told in the order of RabbitMQ") {
  World world;
  auto alice = world.connect();
  const std::string type = GENERATE(as<std::string>{}, "classic", "quorum");
  auto other = of_type(type).int32("x-message-ttl", 1).int32("x-expires", 1).string("x-dead-letter-exchange", "e");
  alice.declares({.queue = "q", .durable = true, .arguments = of_type(type).table()});
  alice.sends(queue::Declare{.queue = "q", .durable = true, .arguments = other.table()});
  const std::string first = type == "classic" ? "x-expires" : "x-dead-letter-exchange";
  const std::string value = type == "classic" ? "'1' of type 'signedint'" : "'e' of type 'longstr'";
  alice.channel_is_closed(precondition_failed, "PRECONDITION_FAILED - inequivalent arg '" + first
                                                   + "' for queue 'q' in vhost '/': received the value " + value
                                                   + " but current is none");
}

TEST_CASE("an argument of another queue type is refused whatever its value and after those of its own type") {
  World world;
  auto alice = world.connect();
  const auto text = [](const std::string& rest) { return "PRECONDITION_FAILED - invalid arg " + rest; };
  const auto foreign = of_type("quorum").string("x-max-priority", "high");
  alice.sends(queue::Declare{.queue = "q", .durable = true, .arguments = foreign.table()});
  alice.channel_is_closed(precondition_failed,
                          text("'x-max-priority' for queue 'q' in vhost '/' of queue type rabbit_quorum_queue"));
  const auto both = Arguments{}.int32("x-delivery-limit", 3).int32("x-max-length", -1);
  alice.opens_channel(1).sends(queue::Declare{.queue = "q", .arguments = both.table()});
  alice.channel_is_closed(precondition_failed, text("'x-max-length' for queue 'q' in vhost '/': -1 is negative"));
}

TEST_CASE("an argument of consumers of another queue type is refused") {
  World world;
  auto alice = world.connect();
  const auto& [argument, type] = GENERATE(table<std::string, std::string>({
      {"x-stream-offset", "classic"},
      {"x-stream-offset", "quorum"},
      {"x-cancel-on-ha-failover", "quorum"},
  }));
  const auto arguments = Arguments{}.boolean(argument, true);
  alice.declares({.queue = "q", .durable = true, .arguments = of_type(type).table()});
  alice.sends(basic::Consume{.queue = "q", .arguments = arguments.table()});
  alice.channel_is_closed(precondition_failed, "PRECONDITION_FAILED - invalid arg '" + argument
                                                   + "' for queue 'q' in vhost '/' of queue type rabbit_" + type
                                                   + "_queue");
  CHECK(world.queue("q").consumers() == 0);
}

}  // namespace pocketmq::tests
