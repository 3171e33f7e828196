// What is said of a declaration that differs from what is there.
#include "broker/redeclaration.hpp"

#include "broker/errors.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

using protocol::FieldTableWriter;
using protocol::FieldValue;

// Why an argument "x" of these values is refused: nothing if they are equal.
std::string difference(const FieldTableWriter& received, const FieldTableWriter& current) {
  try {
    broker::require_equal_argument("queue 'q'", "x", received.table(), current.table());
  } catch (const broker::ChannelError& error) {
    CHECK(error.code() == protocol::ReplyCode::precondition_failed);
    return error.what();
  }
  return {};
}

FieldTableWriter none() { return {}; }
FieldTableWriter x(const FieldValue& value) { return FieldTableWriter{}.value("x", value); }

const std::string begin = "inequivalent arg 'x' for queue 'q': ";

}  // namespace

TEST_CASE("equal arguments are fine whatever their width or kind of text") {
  CHECK(difference(none(), none()).empty());
  CHECK(difference(none().int32("x", 7), none().int64("x", 7)).empty());
  CHECK(difference(x({'b', "\7"}), none().int64("x", 7)).empty());
  CHECK(difference(x({'x', "text"}), none().string("x", "text")).empty());
  CHECK(difference(none().int32("y", 7), none()).empty());
}

TEST_CASE("both values of an argument are named") {
  CHECK(difference(none().int32("x", 7), none().int32("x", 8)) == begin + "received '7' but current is '8'");
  CHECK(difference(none().string("x", "a"), none().int32("x", 8)) == begin + "received 'a' but current is '8'");
  CHECK(difference(none().boolean("x", true), none().table("x", {}))
        == begin + "received 'true' but current is a table");
}

TEST_CASE("an argument that one of the two does not have is named with its type") {
  CHECK(difference(none().int32("x", 7), none())
        == begin + "received the value '7' of type 'signedint' but current is none");
  CHECK(difference(none(), none().string("x", "a"))
        == begin + "received none but current is the value 'a' of type 'longstr'");
}

TEST_CASE("fields are compared as they are") {
  CHECK_NOTHROW(broker::require_equal_field("it", "type", "topic", "topic"));
  CHECK_NOTHROW(broker::require_equal_flag("it", "durable", true, true));
  CHECK_THROWS_WITH(broker::require_equal_field("it", "type", "topic", "direct"),
                    "inequivalent arg 'type' for it: received 'topic' but current is 'direct'");
  CHECK_THROWS_WITH(broker::require_equal_flag("it", "durable", true, false),
                    "inequivalent arg 'durable' for it: received 'true' but current is 'false'");
}

}  // namespace pocketmq::tests
