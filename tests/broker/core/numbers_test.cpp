// Numbers from peers at their extremes: each is taken or refused, and none overflows, which UBSan watches.
#include <array>
#include <limits>
#include <list>

#include "broker/definitions/definitions.hpp"
#include "broker/session/broker.hpp"
#include "protocol/base/big_endian.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using Arguments = protocol::FieldTableWriter;
using protocol::FieldValue;

constexpr auto int64_min = std::numeric_limits<std::int64_t>::min();
constexpr auto int64_max = std::numeric_limits<std::int64_t>::max();
constexpr auto uint64_max = std::numeric_limits<std::uint64_t>::max();
constexpr std::int64_t ten_years_ms = 315'360'000'000;

FieldValue value(char type, std::uint64_t bits, std::size_t size_bytes) {
  static std::list<std::string> kept;
  auto& bytes = kept.emplace_back(sizeof bits, '\0');
  protocol::store_big_endian(bytes.data(), bits);
  return {type, std::string_view{bytes}.substr(sizeof bits - size_bytes)};
}

FieldValue integer(std::int64_t number) { return value('l', static_cast<std::uint64_t>(number), 8); }

// Every type that a number may come in, at both ends, and some that look like numbers.
std::vector<FieldValue> extremes() {
  return {
      value('b', 0x80, 1),
      value('b', 0x7f, 1),
      value('B', 0xff, 1),
      value('s', 0x8000, 2),
      value('u', 0xffff, 2),
      value('I', 0x8000'0000, 4),
      value('i', 0xffff'ffff, 4),
      integer(int64_min),
      integer(-1),
      integer(0),
      integer(1),
      integer(ten_years_ms),
      integer(ten_years_ms + 1),
      integer(int64_max / 1'000'000),  // the last that fits into nanoseconds
      integer(int64_max / 1'000'000 + 1),
      integer(int64_max),
      value('L', uint64_max, 8),
      value('T', uint64_max, 8),
      value('D', 0xff'ffff'ffff, 5),
      value('f', 0x7f7f'ffff, 4),  // the largest
      value('f', 0x7f80'0000, 4),  // infinite
      value('d', 0x7fef'ffff'ffff'ffff, 8),
      value('d', 0x7ff8'0000'0000'0000, 8),  // not a number
      value('d', 0x8000'0000'0000'0000, 8),  // -0.0
      value('t', 0xff, 1),
      {'V', {}},
      {'S', "9223372036854775808"},
      {'S', "1e400"},
  };
}

struct NumericArgument {
  std::string_view queue_type;
  std::string_view name;
  std::int64_t min;
  std::int64_t max;
};

constexpr std::array numeric_arguments{
    NumericArgument{"classic", "x-expires", 1, ten_years_ms},
    NumericArgument{"classic", "x-message-ttl", 0, ten_years_ms},
    NumericArgument{"classic", "x-max-length", 0, int64_max},
    NumericArgument{"classic", "x-max-length-bytes", 0, int64_max},
    NumericArgument{"classic", "x-max-priority", 0, 255},
    NumericArgument{"classic", "x-queue-version", 1, 2},
    NumericArgument{"classic", "x-consumer-timeout", 0, int64_max},
    NumericArgument{"quorum", "x-expires", 1, ten_years_ms},
    NumericArgument{"quorum", "x-message-ttl", 0, ten_years_ms},
    NumericArgument{"quorum", "x-max-length", 0, int64_max},
    NumericArgument{"quorum", "x-max-length-bytes", 0, int64_max},
    NumericArgument{"quorum", "x-max-in-memory-length", 0, int64_max},
    NumericArgument{"quorum", "x-max-in-memory-bytes", 0, int64_max},
    NumericArgument{"quorum", "x-quorum-initial-group-size", 1, int64_max},
    NumericArgument{"quorum", "x-consumer-timeout", 0, int64_max},
};

// Everything that a setting may have a part in. A time-out may end the channel meanwhile.
void is_used(World& world, const queue::Declare& declaration) {
  const auto alice = world.connect(), bob = world.connect();
  alice.declares(declaration).declares(declaration);
  alice.publishes(declaration.queue, {.body = "1", .properties = {.priority = 255, .expiration = "315360000000"}});
  alice.publishes(declaration.queue, "2").sends(basic::Consume{.queue = declaration.queue, .consumer_tag = "c"});
  world.advance(1ms);
  alice.sends(basic::RecoverAsync{.requeue = true});
  world.advance(24h);
  alice.vanishes();
  (void)bob.sends(queue::Delete{.queue = declaration.queue}).answer<queue::DeleteOk>();
  bob.closes();
}

void is_refused(const Client& alice, const std::string& begins) {
  const auto close = alice.answer<channel::Close>();
  const auto& method = std::get<channel::Close>(close.method);
  CHECK(method.reply_code == number_of(ReplyCode::precondition_failed));
  CHECK_THAT(std::string{method.reply_text}, Catch::StartsWith(begins));
  alice.sends(channel::CloseOk{}).opens_channel(1);
}

}  // namespace

TEST_CASE("every number among a queue's arguments is taken or refused at its extremes") {
  World world;
  const auto alice = world.connect();
  for (const auto& argument : numeric_arguments) {
    for (const auto& extreme : extremes()) {
      const auto arguments = Arguments{}
                                 .string("x-queue-type", argument.queue_type)
                                 .string("x-dead-letter-exchange", "")
                                 .string("x-dead-letter-routing-key", "nowhere")
                                 .value(argument.name, extreme);
      const queue::Declare declaration{.queue = "q", .durable = true, .arguments = arguments.table()};
      const auto number = extreme.integer();
      CAPTURE(argument.queue_type, argument.name, extreme.type, number.value_or(0));
      if (number && *number >= argument.min && *number <= argument.max) {
        is_used(world, declaration);
      } else {
        alice.sends(declaration);
        is_refused(alice, "PRECONDITION_FAILED - invalid arg '" + std::string{argument.name} + "' for queue 'q'");
      }
    }
  }
}

TEST_CASE("a delivery limit may be anything as on RabbitMQ") {
  World world;
  for (const auto& extreme : extremes()) {
    CAPTURE(extreme.type, extreme.integer().value_or(0));
    const auto arguments = Arguments{}.string("x-queue-type", "quorum").value("x-delivery-limit", extreme);
    const auto alice = world.connect();
    alice.declares({.queue = "q", .durable = true, .arguments = arguments.table()});
    alice.publishes("q", "m").gets("q", "m").sends(basic::RecoverAsync{.requeue = true});
    const auto limit = extreme.integer();
    alice.deletes("q", limit && *limit < 1 ? 0 : 1);
  }
}

TEST_CASE("the longest consumer time-out is as good as none") {
  const auto timeout = GENERATE(values<std::int64_t>({int64_max / 1'000'000, int64_max / 1'000'000 + 1, int64_max}));
  SECTION("a queue's") {
    World world;
    const auto alice = world.connect();
    alice.declares({.queue = "q", .arguments = Arguments{}.int64("x-consumer-timeout", timeout).table()});
    alice.publishes("q", "m").consumes("q").receives("m");
    world.advance(24h * 365);
    alice.receives_nothing().is_fine();
  }
  SECTION("the broker's") {
    World world{{.options = {.consumer_timeout = std::chrono::milliseconds{timeout}}}};
    const auto alice = world.connect();
    alice.declares("q").publishes("q", "m").consumes("q").receives("m");
    world.advance(24h * 365);
    alice.receives_nothing().is_fine();
  }
}

TEST_CASE("a consumer's priority may be any integer") {
  World world;
  const auto alice = world.connect();
  alice.declares("q");
  for (const auto& extreme : extremes()) {
    CAPTURE(extreme.type, extreme.integer().value_or(0));
    const auto arguments = Arguments{}.value("x-priority", extreme);
    alice.sends(basic::Consume{.queue = "q", .consumer_tag = "c", .arguments = arguments.table()});
    if (extreme.integer())
      alice.is_answered(basic::ConsumeOk{.consumer_tag = "c"}).cancels("c");
    else
      is_refused(alice, "PRECONDITION_FAILED - invalid arg 'x-priority' for queue 'q' in vhost '/'");
  }
  const auto consumes = [&](std::string_view tag, std::int64_t priority) {
    const auto arguments = Arguments{}.int64("x-priority", priority);
    alice.consumes({.queue = "q", .consumer_tag = tag, .no_ack = true, .arguments = arguments.table()});
  };
  consumes("least", int64_min);
  consumes("most", int64_max);
  alice.publishes("q", "1").receives(message("1").to("most")).cancels("most");
  alice.publishes("q", "2").receives(message("2").to("least"));
}

TEST_CASE("a death is counted on whatever number a client has put there") {
  World world;
  const auto alice = world.connect();
  const auto arguments = Arguments{}.string("x-dead-letter-exchange", "").string("x-dead-letter-routing-key", "dead");
  alice.declares("dead").declares({.queue = "q", .arguments = arguments.table()});
  for (const auto& extreme : extremes()) {
    CAPTURE(extreme.type, extreme.integer().value_or(0));
    const auto death =
        Arguments{}.value("count", extreme).string("queue", "q").string("reason", "rejected").value("time", extreme);
    const auto deaths = protocol::FieldArrayWriter{}.table(death.table());
    const auto headers = Arguments{}.value("x-death", deaths.array());
    alice.publishes("q", {.body = "m", .properties = {.headers = headers.table()}});
    alice.gets("q", "m").rejects("m").sends(basic::Get{.queue = "dead", .no_ack = true});
    const auto got = alice.answer<basic::GetOk>();
    const auto after = *got.decoded_properties().headers->find("x-death");
    protocol::FieldReader reader{after.bytes, protocol::FieldReader::Of::array};
    const auto before = extreme.integer().value_or(0);
    CHECK(reader.next()->value.table()->find("count")->integer() == (before == int64_max ? before : before + 1));
  }
}

TEST_CASE("an expiration is up to ten years in digits") {
  World world;
  const auto alice = world.connect();
  alice.declares("q");
  const auto [expiration, is_taken] = GENERATE(table<std::string, bool>({
      {"0", true},
      {"00000000000000000000000000000000000000001", true},
      {"315360000000", true},
      {"315360000001", false},
      {"9223372036854775807", false},
      {"9223372036854775808", false},
      {"18446744073709551616", false},
      {"-1", false},
      {"-9223372036854775808", false},
      {"1e400", false},
      {"1.0", false},
      {std::string(255, '9'), false},
  }));
  alice.publishes("q", {.body = "m", .properties = {.expiration = expiration}});
  if (is_taken) {
    world.advance(24h * 365);
    alice.is_fine();
  } else {
    is_refused(alice, "PRECONDITION_FAILED - invalid expiration '");
  }
}

TEST_CASE("a message's properties are carried at their extremes") {
  World world;
  const auto alice = world.connect();
  const BasicProperties properties{.priority = 255, .timestamp = uint64_max};
  alice.declares({.queue = "q", .arguments = Arguments{}.int32("x-max-priority", 255).table()});
  alice.publishes("q", {.body = "m", .properties = properties}).gets("q", message("m").with(properties));
}

TEST_CASE("delivery tags that were not given are unknown up to the highest") {
  World world;
  const auto alice = world.connect();
  const auto tag = GENERATE(values<std::uint64_t>({2, uint64_max / 2, uint64_max / 2 + 1, uint64_max}));
  const bool multiple = GENERATE(false, true);
  const auto method = GENERATE_COPY(values<protocol::Method>({
      basic::Ack{.delivery_tag = tag, .multiple = multiple},
      basic::Nack{.delivery_tag = tag, .multiple = multiple, .requeue = true},
      basic::Reject{.delivery_tag = tag},
  }));
  alice.declares("q").publishes("q", "m").gets("q", "m").sends(method);
  is_refused(alice, "PRECONDITION_FAILED - unknown delivery tag " + std::to_string(tag));
  alice.gets("q", redelivered("m"));
}

TEST_CASE("the highest prefetch and the longest heartbeat are taken") {
  World world;
  const auto alice = world.connect({.heartbeat = 65'535s});
  alice.declares("q").publishes("q", "m").prefetches(65'535).shares_prefetch(65'535).consumes("q");
  alice.receives("m").acks("m");
  world.advance(65'535s);
  alice.sends_heartbeat().is_fine();
}

TEST_CASE("numbers in JSON that do not fit are refused with their field") {
  const auto [field, number] = GENERATE(table<std::string, std::string>({
      {"prefetch_count", "-1"},
      {"prefetch_count", "65536"},
      {"prefetch_count", "1.5"},
      {"prefetch_count", "1e400"},
      {"prefetch_count", "18446744073709551616"},
      {"prefetch_count", "-9223372036854775809"},
      {"prefetch_size", "4294967296"},
      {"prefetch_size", "-1"},
      {"channel", "65536"},
      {"channel", "-1"},
      {"channel", "1e400"},
  }));
  World world{Encoding::json};
  const auto alice = world.connect(), bob = world.connect();
  const auto header = R"({"method":"basic.qos",")" + field + "\":" + number + "}";
  std::string bytes(4, '\0');
  protocol::store_big_endian(bytes.data(), static_cast<std::uint32_t>(header.size()));
  const auto close = alice.sends_bytes(bytes + header).answer<connection::Close>();
  CHECK(std::get<connection::Close>(close.method).reply_code == number_of(ReplyCode::syntax_error));
  bob.is_fine();
}

TEST_CASE("numbers of a policy are taken or refused at their extremes") {
  struct Setting {
    std::string key;
    std::int64_t min;
    std::int64_t max;
  };
  const auto [key, min, max] = GENERATE(values<Setting>({
      {"message-ttl", 0, ten_years_ms},
      {"expires", 1, ten_years_ms},
      {"max-length", 0, int64_max},
      {"max-length-bytes", 0, int64_max},
      {"delivery-limit", 0, int64_max},
      {"consumer-timeout", 0, ten_years_ms},
  }));
  const auto options_with = [&, &key = key](const std::string& number) -> broker::Options {
    return {.definitions = R"({"policies": [{"name": "p", "vhost": "/", "pattern": "", "definition": {")" + key
                           + "\": " + number + "}}]}"};
  };
  for (const auto number : {min, max}) {
    CAPTURE(key, number);
    World world{{.options = options_with(std::to_string(number))}};
    const auto quorum = Arguments{}.string("x-queue-type", "quorum");
    for (const auto arguments : {protocol::FieldTable{}, quorum.table()}) {
      is_used(world, {.queue = "q", .durable = true, .arguments = arguments});
    }
  }
  for (const std::string number :
       {"-1", "-9223372036854775808", "-9223372036854775809", "9223372036854775808", "18446744073709551615",
        "18446744073709551616", "1.5", "0.0", "1e308", "1e400", "-1e400", "\"1\"", "true", "null"}) {
    CAPTURE(key, number);
    CHECK_THROWS_AS(broker::Broker{options_with(number)}, broker::DefinitionsError);
  }
}

TEST_CASE("a policy's priority may be any integer") {
  const auto options_with = [&](const std::string& number) -> broker::Options {
    return {.definitions = R"({"policies": [{"name": "p", "vhost": "/", "pattern": "", "definition": {}, "priority": )"
                           + number + "}]}"};
  };
  for (const std::string number : {"-9223372036854775808", "9223372036854775807"})
    CHECK_NOTHROW(broker::Broker{options_with(number)});
  for (const std::string number : {"9223372036854775808", "-9223372036854775809", "1.5", "1e400"})
    CHECK_THROWS_AS(broker::Broker{options_with(number)}, broker::DefinitionsError);
}

}  // namespace pocketmq::tests
