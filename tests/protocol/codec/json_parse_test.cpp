#include "protocol/codec/json_parse.hpp"

#include <nlohmann/json.hpp>

#include "tests/support/catch.hpp"

using namespace pocketmq::protocol;
using Json = nlohmann::ordered_json;

namespace {

std::string fault(std::string_view text, unsigned depth_max = 8) {
  Json json;
  return parse_json(text, depth_max, json).value_or("none");
}

}  // namespace

TEST_CASE("JSON is parsed into what it says, in order") {
  Json json;
  REQUIRE(parse_json(R"( {"b": [1, -2, 3.5, "x", true, false, null, {}], "a": {"c": []}} )", 3, json) == std::nullopt);
  CHECK(json.dump() == R"({"b":[1,-2,3.5,"x",true,false,null,{}],"a":{"c":[]}})");
  CHECK(json["b"][0].is_number_unsigned());
  CHECK(json["b"][2].is_number_float());
  REQUIRE(parse_json("7", 0, json) == std::nullopt);
  CHECK(json == 7);
}

TEST_CASE("malformed JSON is refused with the place") {
  CHECK_THAT(fault(""), Catch::StartsWith("malformed JSON at byte 1: value - unexpected end of input"));
  CHECK_THAT(fault(R"({"a" 1})"), Catch::StartsWith("malformed JSON at byte 6: object separator - "));
  CHECK_THAT(fault(R"({"a":1}x)"), Catch::StartsWith("malformed JSON at byte 8: "));
  CHECK_THAT(fault(R"({"a":01})"), Catch::StartsWith("malformed JSON at byte 7: "));
  CHECK_THAT(fault(R"({"a":1e999})"), Catch::StartsWith("malformed JSON at byte 10: number overflow"));
  CHECK_THAT(fault("{a:1}"), Catch::StartsWith("malformed JSON at byte 2: object key - "));
  CHECK_THAT(fault("[1,]"), Catch::StartsWith("malformed JSON at byte 4: value - "));
  CHECK_THAT(fault("/**/1"), Catch::StartsWith("malformed JSON at byte 1: value - "));
}

TEST_CASE("a refusal never repeats what the peer wrote unchecked") {
  for (const auto* text :
       {"\"\xff\"", "\"\xc3\"", "\"\xed\xa0\x80\"", "\"\x01\"", "\"\\ud800\"", "{\"\x1b[2J\":}", "\x1b[2J"}) {
    const auto why = fault(text);
    CHECK_THAT(why, Catch::StartsWith("malformed JSON at byte "));
    CHECK(why.size() < 200);
    for (const char c : why) CHECK((c >= 0x20 && c < 0x7f));
  }
}

TEST_CASE("a key twice in one object is refused") {
  CHECK(fault(R"({"a":1,"b":2,"a":3})") == "key 'a' appears twice in one object");
  CHECK(fault(R"({"x":{"a":1},"y":[{"b":1,"b":2}]})") == "key 'b' appears twice in one object");
  CHECK(fault(R"({"a":{"a":{"a":1}},"b":{"a":1}})") == "none");
}

TEST_CASE("an integer beyond 64 bits is refused, and no real number made of it") {
  CHECK(fault("18446744073709551615") == "none");
  CHECK(fault("-9223372036854775808") == "none");
  CHECK(fault("18446744073709551616") == "an integer does not fit into 64 bits");
  CHECK(fault("-9223372036854775809") == "an integer does not fit into 64 bits");
  CHECK(fault("18446744073709551616.0") == "none");
  CHECK(fault("1e30") == "none");
}

TEST_CASE("nesting is bounded while parsing") {
  CHECK(fault("[[[[]]]]", 4) == "none");
  CHECK(fault("[[[[[]]]]]", 4) == "objects and arrays are nested more than 4 deep");
  CHECK(fault(R"({"a":{"a":{"a":{"a":{}}}}})", 4) == "objects and arrays are nested more than 4 deep");
  CHECK(fault("[[],[],[],[],[],[]]", 2) == "none");
  // The place of the refusal: long before this text would have been found malformed.
  CHECK(fault(std::string(1'000'000, '['), 64) == "objects and arrays are nested more than 64 deep");
}

TEST_CASE("the number of values is bounded while parsing") {
  const auto fault_of = [](std::string_view text, std::size_t values_max) {
    Json json;
    return parse_json(text, 8, json, values_max).value_or("none");
  };
  const auto refusal =
      "it has more than the 7 JSON values that are accepted; send fewer, or put them into a message's body";
  CHECK(fault_of(R"({"a":[1,"x",null,true],"b":{}})", 7) == "none");
  CHECK(fault_of(R"({"a":[1,"x",null,true],"b":{},"c":0})", 7) == refusal);
  CHECK(fault_of("[[],[],[],[],[],[],[]]", 7) == refusal);
  CHECK(fault_of("[{},{},{},{},{},{},{}]", 7) == refusal);
  // The refusal comes long before this text would have been found malformed.
  CHECK(fault_of("[0,0,0,0,0,0,0,0,0,0,0,0", 7) == refusal);
  CHECK(fault_of("[0,0,0,0,0,0,0,0,0,0,0,0]", 0) == "none");
}

TEST_CASE("integers are taken where they fit") {
  CHECK(integer_within(Json(255), 0, 255) == 255U);
  CHECK(integer_within(Json(0), 0, 255) == 0U);
  CHECK(integer_within(Json::parse("-128"), -128, 127) == static_cast<std::uint64_t>(-128));
  CHECK_FALSE(integer_within(Json(256), 0, 255));
  CHECK_FALSE(integer_within(Json::parse("-129"), -128, 127));
  CHECK_FALSE(integer_within(Json::parse("-1"), 0, 255));
  CHECK_FALSE(integer_within(Json(1.0), 0, 255));
  CHECK_FALSE(integer_within(Json("1"), 0, 255));
  CHECK_FALSE(integer_within(Json(true), 0, 255));
  CHECK_FALSE(integer_within(Json(nullptr), 0, 255));
}

TEST_CASE("a long word is quoted in part, and no character is cut") {
  CHECK(in_quotes("short") == "'short'");
  CHECK(in_quotes(std::string(24, 'a')) == "'" + std::string(24, 'a') + "'");
  CHECK(in_quotes(std::string(25, 'a')) == "'" + std::string(24, 'a') + "...'");
  CHECK(in_quotes(std::string(23, 'a') + "éé") == "'" + std::string(23, 'a') + "...'");
}
