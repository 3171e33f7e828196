// The arguments of queue.declare: which are checked, and how two declarations are compared.
#include "broker/queue_arguments.hpp"

#include "broker/errors.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

constexpr auto precondition_failed = ReplyCode::precondition_failed;

protocol::FieldTableWriter of_type(std::string_view type) {
  protocol::FieldTableWriter arguments;
  arguments.string("x-queue-type", type);
  return arguments;
}

std::string invalid(const std::string& property) {
  return "PRECONDITION_FAILED - invalid property '" + property
         + "' for queue 'q' in vhost '/': a quorum queue is durable, not exclusive and not auto-delete";
}

}  // namespace

TEST_CASE("a queue is classic unless its arguments say otherwise") {
  CHECK(broker::QueueArguments{}.queue_type() == "classic");
  CHECK(broker::QueueArguments{of_type("quorum").table()}.queue_type() == "quorum");
}

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
  alice.declares(declaration).declares(declaration).publishes("q", {"1", "2"}).gets("q", "1").requeues("1");
  alice.consumes("q").receives(redelivered("1"), "2").acks_all().deletes("q");
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
                         "PRECONDITION_FAILED - Cannot declare a server-named queue for type quorum");
}

TEST_CASE("a queue type that is not there is refused by name") {
  World world;
  const std::string type = GENERATE(as<std::string>{}, "foo", "", "Classic");
  const auto arguments = of_type(type);
  world.connect()
      .sends(queue::Declare{.queue = "q", .arguments = arguments.table()})
      .channel_is_closed(precondition_failed,
                         "PRECONDITION_FAILED - invalid arg 'x-queue-type' for queue 'q' in vhost '/': unsupported "
                         "queue type '"
                             + type + "'");
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

TEST_CASE("streams are not implemented") {
  World world;
  const auto stream = of_type("stream");
  world.connect()
      .sends(queue::Declare{.queue = "q", .durable = true, .arguments = stream.table()})
      .connection_is_closed(ReplyCode::not_implemented,
                            "NOT_IMPLEMENTED - invalid arg 'x-queue-type' for queue 'q' in vhost '/': PocketMQ has no "
                            "streams; declare a 'classic' or 'quorum' queue");
}

TEST_CASE("an argument that would be ignored is refused by name") {
  World world;
  const std::string name = GENERATE(as<std::string>{}, "x-message-ttl", "x-expires", "x-max-length",
                                    "x-dead-letter-exchange", "x-max-priority", "x-single-active-consumer");
  protocol::FieldTableWriter arguments;
  arguments.int32(name, 1'000);
  world.connect().sends(queue::Declare{.queue = "q", .arguments = arguments.table()})
      .connection_is_closed(ReplyCode::not_implemented, "NOT_IMPLEMENTED - argument '" + name
                                                            + "' of queue 'q' in vhost '/': PocketMQ does not have it "
                                                              "yet; leave it out");
  CHECK_FALSE(world.has_queue("q"));
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

}  // namespace pocketmq::tests
