// A part of JSON is enough to match.
#include "broker/request/json_match.hpp"

#include <nlohmann/json.hpp>

#include "broker/request/control_error.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

bool json_matches(std::string_view wanted, std::string_view text) {
  return broker::JsonMatch::of_text(wanted).matches_text(text);
}

}  // namespace

TEST_CASE("an object matches one that has all its members") {
  CHECK(json_matches(R"({"id":5})", R"({"id":5,"name":"x"})"));
  CHECK(json_matches(R"({"id":5})", R"({"id":5.0})"));
  CHECK_FALSE(json_matches(R"({"id":5})", R"({"id":6})"));
  CHECK_FALSE(json_matches(R"({"id":5})", R"({"id":"5"})"));
  CHECK_FALSE(json_matches(R"({"id":5})", R"({"name":"x"})"));
  CHECK_FALSE(json_matches(R"({"id":5})", "5"));
  CHECK(json_matches("{}", R"({"id":5})"));
  CHECK(json_matches(R"({"a":{"b":[1,{"c":null}]}})", R"({"a":{"b":[1,{"c":null,"d":1}],"e":1}})"));
}

TEST_CASE("an array matches one of the same length") {
  CHECK(json_matches("[1,2]", "[1,2]"));
  CHECK_FALSE(json_matches("[1,2]", "[1,2,3]"));
  CHECK_FALSE(json_matches("[1,2]", "[2,1]"));
  CHECK_FALSE(json_matches("[]", "{}"));
}

TEST_CASE("a pattern in JSON matches strings") {
  CHECK(json_matches(R"({"id":{"matches":"^a"}})", R"({"id":"abc"})"));
  CHECK_FALSE(json_matches(R"({"id":{"matches":"^a"}})", R"({"id":"bac"})"));
  CHECK_FALSE(json_matches(R"({"id":{"matches":"1"}})", R"({"id":1})"));
  CHECK(json_matches(R"({"matches":5})", R"({"matches":5})"));
  CHECK_THROWS_AS(broker::JsonMatch::of_text(R"({"matches":"("})"), broker::ControlError);
}

TEST_CASE("what is no JSON matches nothing") {
  CHECK_FALSE(json_matches("{}", "{"));
  CHECK_FALSE(json_matches("\"a\"", "a"));
  CHECK_THROWS_AS(broker::JsonMatch::of_text("{"), broker::ControlError);
  CHECK_THROWS_AS(broker::JsonMatch::of_text(std::string(65, '[') + std::string(65, ']')), broker::ControlError);
}

}  // namespace pocketmq::tests
