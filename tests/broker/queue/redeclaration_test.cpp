// What is said of a declaration that differs from what is there.
#include "broker/core/redeclaration.hpp"

#include <bit>
#include <limits>

#include "broker/core/errors.hpp"
#include "protocol/base/big_endian.hpp"
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
    return error.text();
  }
  return {};
}

FieldTableWriter none() { return {}; }
FieldTableWriter x(const FieldValue& value) { return FieldTableWriter{}.value("x", value); }

const std::string begin_of_refusal = "inequivalent arg 'x' for queue 'q': ";

}  // namespace

TEST_CASE("equal arguments are fine whatever their width or kind of text") {
  CHECK(difference(none(), none()).empty());
  CHECK(difference(none().int32("x", 7), none().int64("x", 7)).empty());
  CHECK(difference(x({'b', "\7"}), none().int64("x", 7)).empty());
  CHECK(difference(x({'x', "text"}), none().string("x", "text")).empty());
  CHECK(difference(none().int32("y", 7), none()).empty());
  CHECK(difference(none().timestamp("x", 7), none().int32("x", 7)).empty());
  CHECK(difference(x({'t', "\1"}), x({'t', "\2"})).empty());
  CHECK(difference(x({'f', {"\x3f\xc0\0\0", 4}}), x({'d', {"\x3f\xf8\0\0\0\0\0\0", 8}})).empty());
  CHECK(difference(x({'V', {}}), x({'V', {}})).empty());
}

TEST_CASE("arrays and tables are equal part by part and by types") {
  const auto array = [](char type, std::string_view bytes) {
    return protocol::FieldArrayWriter{}.value({type, bytes});
  };
  const auto seven = array('l', {"\0\0\0\0\0\0\0\7", 8}), same = array('L', {"\0\0\0\0\0\0\0\7", 8}),
             other = array('b', "\7");
  CHECK(difference(x(seven.array()), x(same.array())).empty());
  CHECK(difference(x(seven.array()), x(other.array()))
        == begin_of_refusal + "received an array but current is an array");
  const auto table = none().value("a", seven.array()).boolean("b", true);
  CHECK(difference(none().table("x", table.table()),
                   none().table("x", none().value("a", same.array()).value("b", {'t', "\2"}).table()))
            .empty());
  CHECK(difference(none().table("x", table.table()), none().table("x", none().value("a", seven.array()).table()))
        == begin_of_refusal + "received a table but current is a table");
  CHECK(difference(none().table("x", {}), x({'A', {}})).empty());
  CHECK(difference(none().table("x", table.table()), x({'A', {}}))
        == begin_of_refusal + "received a table but current is an array");
}

TEST_CASE("numbers are shown as Erlang shows them") {
  const auto shown = [](double number) {
    std::string bytes(8, '\0');
    protocol::store_big_endian(bytes.data(), std::bit_cast<std::uint64_t>(number));
    return broker::shown({'d', bytes});
  };
  CHECK(shown(100) == "'100.0'");
  CHECK(shown(100'000) == "'1.0e5'");
  CHECK(shown(123'456'789) == "'123456789.0'");
  CHECK(shown(0.0001) == "'0.0001'");
  CHECK(shown(0.00001) == "'1.0e-5'");
  CHECK(shown(-0.0) == "'-0.0'");
  CHECK(shown(9'007'199'254'740'991) == "'9007199254740991.0'");
  CHECK(shown(9'007'199'254'740'992) == "'9.007199254740992e15'");
  CHECK(shown(1e22) == "'1.0e22'");
  CHECK(shown(-1.5e300) == "'-1.5e300'");
  CHECK(shown(5e-324) == "'5.0e-324'");
  CHECK(shown(std::numeric_limits<double>::infinity()) == "'inf'");
  CHECK(shown(std::numeric_limits<double>::max()) == "'1.7976931348623157e308'");
  CHECK(broker::shown({'T', std::string_view{"\xff\xff\xff\xff\xff\xff\xff\xff", 8}}) == "'18446744073709551615'");
}

TEST_CASE("both values of an argument are named") {
  CHECK(difference(none().int32("x", 7), none().int32("x", 8)) == begin_of_refusal + "received '7' but current is '8'");
  CHECK(difference(none().string("x", "a"), none().int32("x", 8))
        == begin_of_refusal + "received 'a' but current is '8'");
  CHECK(difference(none().boolean("x", true), none().table("x", {}))
        == begin_of_refusal + "received 'true' but current is a table");
}

TEST_CASE("an argument that one of the two does not have is named with its type") {
  CHECK(difference(none().int32("x", 7), none())
        == begin_of_refusal + "received the value '7' of type 'signedint' but current is none");
  CHECK(difference(none(), none().string("x", "a"))
        == begin_of_refusal + "received none but current is the value 'a' of type 'longstr'");
  CHECK(difference(x({'V', {}}), none())
        == begin_of_refusal + "received the value 'undefined' of type 'void' but current is none");
  CHECK(difference(x({'V', {}}), none().int32("x", 7)) == begin_of_refusal + "received none but current is '7'");
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
