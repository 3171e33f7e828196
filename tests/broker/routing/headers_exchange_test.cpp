// Headers exchanges: which headers match which arguments.
#include <memory>

#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using protocol::FieldTableWriter;

// A queue "q" that is bound to amq.headers with these arguments.
struct Bound {
  World world;
  Client alice{world.connect()};

  explicit Bound(const FieldTableWriter& arguments, At at = At::current()) {
    alice.declares("q", at).binds({.queue = "q", .exchange = "amq.headers", .arguments = arguments.table()}, at);
  }
  [[nodiscard]] bool takes(const FieldTableWriter& headers) const {
    return takes_properties({.headers = headers.table()});
  }
  [[nodiscard]] bool takes_properties(const BasicProperties& properties) const {
    alice.publishes("", {.body = "m", .properties = properties, .exchange = "amq.headers"});
    const auto got = alice.sends(basic::Get{.queue = "q", .no_ack = true}).end().inbox().front();
    alice.end().inbox().clear();
    return std::holds_alternative<basic::GetOk>(got.method);
  }
};

FieldTableWriter empty_table() { return {}; }

FieldTableWriter match(std::string_view how) { return FieldTableWriter{}.string("x-match", how); }

constexpr protocol::FieldValue nothing{'V', {}};

}  // namespace

TEST_CASE("all headers that a binding names are wanted and others do no harm") {
  const bool by_default = GENERATE(true, false);
  const Bound q{(by_default ? empty_table() : match("all")).int32("a", 1).string("b", "x")};
  CHECK(q.takes(empty_table().string("b", "x").int32("a", 1)));
  CHECK(q.takes(empty_table().int32("a", 1).string("b", "x").string("c", "y")));
  CHECK_FALSE(q.takes(empty_table().int32("a", 1)));
  CHECK_FALSE(q.takes(empty_table().int32("a", 1).string("b", "y")));
  CHECK_FALSE(q.takes(empty_table().int32("a", 2).string("b", "x")));
  CHECK_FALSE(q.takes(empty_table().int32("A", 1).string("b", "x")));
  CHECK_FALSE(q.takes_properties({}));
}

TEST_CASE("one header is enough for a binding that wants any") {
  const Bound q{match("any").int32("a", 1).string("b", "x")};
  CHECK(q.takes(empty_table().int32("a", 1)));
  CHECK(q.takes(empty_table().int32("a", 2).string("b", "x")));
  CHECK(q.takes(empty_table().int32("a", 1).string("b", "x")));
  CHECK_FALSE(q.takes(empty_table().string("a", "x").int32("b", 1)));
  CHECK_FALSE(q.takes(empty_table()));
  CHECK_FALSE(q.takes_properties({}));
}

TEST_CASE("a binding that names no header takes everything or with any nothing") {
  const std::string_view how = GENERATE("all", "all-with-x", "any", "any-with-x");
  const Bound q{match(how)};
  const bool everything = how.starts_with("all");
  CHECK(q.takes_properties({}) == everything);
  CHECK(q.takes(empty_table()) == everything);
  CHECK(q.takes(empty_table().int32("a", 1)) == everything);
  CHECK(q.takes(match(how)) == everything);
}

TEST_CASE("a binding without a value takes every value") {
  const std::string_view how = GENERATE("all", "any");
  const Bound q{match(how).value("a", nothing)};
  CHECK(q.takes(empty_table().int32("a", 1)));
  CHECK(q.takes(empty_table().string("a", "")));
  CHECK(q.takes(empty_table().value("a", nothing)));
  CHECK(q.takes(empty_table().table("a", {})));
  CHECK_FALSE(q.takes(empty_table().int32("b", 1)));
}

TEST_CASE("arguments that begin with x do not count unless that is asked for") {
  SECTION("all") {
    const Bound q{match("all").int32("x-a", 1).int32("b", 2)};
    CHECK(q.takes(empty_table().int32("b", 2)));
    CHECK_FALSE(q.takes(empty_table().int32("x-a", 1)));
  }
  SECTION("any") {
    const Bound q{match("any").int32("x-a", 1).int32("b", 2)};
    CHECK(q.takes(empty_table().int32("b", 2)));
    CHECK_FALSE(q.takes(empty_table().int32("x-a", 1)));
  }
  SECTION("all with x") {
    const Bound q{match("all-with-x").int32("x-a", 1).int32("b", 2)};
    CHECK(q.takes(empty_table().int32("b", 2).int32("x-a", 1)));
    CHECK_FALSE(q.takes(empty_table().int32("b", 2)));
  }
  SECTION("any with x") {
    const Bound q{match("any-with-x").int32("x-a", 1).int32("b", 2)};
    CHECK(q.takes(empty_table().int32("b", 2)));
    CHECK(q.takes(empty_table().int32("x-a", 1)));
    CHECK_FALSE(q.takes(match("any-with-x")));
  }
  SECTION("an x without a dash is a letter") {
    CHECK(Bound{match("any").int32("x", 1)}.takes(empty_table().int32("x", 1)));
  }
}

TEST_CASE("the first of several headers with the same name counts") {
  const Bound q{empty_table().int32("a", 1)};
  CHECK(q.takes(empty_table().int32("a", 1).int32("a", 2)));
  CHECK_FALSE(q.takes(empty_table().int32("a", 2).int32("a", 1)));
}

TEST_CASE("x-match says one of four words") {
  World world;
  auto alice = world.connect();
  alice.declares("q");
  const std::string invalid = "PRECONDITION_FAILED - Invalid x-match field ";
  const auto text = match("some");
  FieldTableWriter number;
  number.int32("x-match", 1);
  SECTION("another word, to a queue") {
    alice.sends(queue::Bind{.queue = "q", .exchange = "amq.headers", .arguments = text.table()})
        .channel_is_closed(ReplyCode::precondition_failed,
                           invalid + "value 'some'; expected all, any, all-with-x, or any-with-x");
  }
  SECTION("another word, to an exchange") {
    alice.sends(exchange::Bind{.destination = "amq.direct", .source = "amq.match", .arguments = text.table()})
        .channel_is_closed(ReplyCode::precondition_failed,
                           invalid + "value 'some'; expected all, any, all-with-x, or any-with-x");
  }
  SECTION("no word") {
    alice.sends(queue::Bind{.queue = "q", .exchange = "amq.headers", .arguments = number.table()})
        .channel_is_closed(ReplyCode::precondition_failed, invalid + "type signedint (value 1); expected longstr");
  }
  alice.opens_channel(1).publishes_to("amq.headers", "", "m").gets_nothing("q");
  alice.unbinds({.queue = "q", .exchange = "amq.headers", .arguments = text.table()});
}

TEST_CASE("headers bindings go when they are unbound or their queue goes") {
  World world;
  auto alice = world.connect();
  const auto all = match("all").int32("a", 1).int32("b", 2), any = match("any").int32("a", 1).int32("b", 2);
  const auto headers = empty_table().int32("a", 1).int32("b", 2);
  const Publication publication{
      .body = "m", .properties = {.headers = headers.table()}, .exchange = "amq.match", .mandatory = true};
  for (const auto* queue : {"q", "r"}) {
    alice.declares(queue).binds({.queue = queue, .exchange = "amq.match", .arguments = all.table()});
    alice.binds({.queue = queue, .exchange = "amq.match", .arguments = any.table()});
  }
  alice.publishes("", publication).gets("q", message("m").leaving(0)).gets("r", message("m").leaving(0));
  alice.unbinds({.queue = "q", .exchange = "amq.match", .arguments = all.table()});
  alice.publishes("", publication).gets("q", "m");
  alice.unbinds({.queue = "q", .exchange = "amq.match", .arguments = any.table()});
  alice.publishes("", publication).gets_nothing("q").deletes("r", 2);
  alice.publishes("", publication).is_returned("m");
}

TEST_CASE("bindings that share a header are told apart by the others") {
  World world;
  auto alice = world.connect();
  constexpr int queues = 20;
  for (int i = 0; i < queues; ++i) {
    const auto name = std::to_string(i);
    const auto arguments = empty_table().string("type", "report").int32("id", i);
    alice.declares(name).binds({.queue = name, .exchange = "amq.headers", .arguments = arguments.table()});
  }
  const auto headers = empty_table().int32("id", 7).string("type", "report");
  alice.publishes("", {.body = "m", .properties = {.headers = headers.table()}, .exchange = "amq.headers"});
  for (int i = 0; i < queues; ++i) alice.finds(std::to_string(i), {.messages = i == 7 ? 1U : 0U});
}

}  // namespace pocketmq::tests
