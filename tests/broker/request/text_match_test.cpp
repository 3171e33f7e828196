// Texts and patterns that a test waits for, and the bodies of its requests.
#include "broker/request/text_match.hpp"

#include <nlohmann/json.hpp>

#include "broker/request/request_body.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

using broker::ControlError;
using broker::TextMatch;
using MatchJson = nlohmann::ordered_json;

std::optional<TextMatch> match_of(const MatchJson& json) {
  return broker::read_object(json, [](broker::JsonObject& object) { return broker::text_match_in(object, "key"); });
}

}  // namespace

TEST_CASE("a string matches exactly") {
  const auto match = match_of({{"key", "orders"}});
  REQUIRE(match);
  CHECK(match->matches("orders"));
  CHECK_FALSE(match->matches("orders.created"));
  CHECK_FALSE(match->matches("Orders"));
  CHECK(match->text() == "'orders'");
}

TEST_CASE("a pattern is found anywhere unless it is anchored") {
  const auto match = match_of({{"key", {{"matches", "^orders[.]"}}}});
  REQUIRE(match);
  CHECK(match->matches("orders.created"));
  CHECK_FALSE(match->matches("all.orders.created"));
  CHECK(match->exact() == nullptr);
  CHECK(match->text() == "a match of /^orders[.]/");
  CHECK(match_of({{"key", {{"matches", "rder"}}}})->matches("orders"));
}

TEST_CASE("what is neither a string nor a pattern is refused with what may be there") {
  CHECK(match_of(MatchJson::object()) == std::nullopt);
  CHECK_THROWS_WITH(match_of({{"key", 7}}),
                    "key: wants a string, which is matched exactly, or {\"matches\": \"a pattern\"}; "
                    "got the integer 7");
  CHECK_THROWS_WITH(match_of({{"key", {{"match", "a"}}}}), Catch::EndsWith("got an object"));
  CHECK_THROWS_WITH(match_of({{"key", {{"matches", "(a"}}}}),
                    Catch::StartsWith("key: the pattern is not understood: "));
}

TEST_CASE("a request with a member that nobody knows is refused as bad") {
  try {
    (void)match_of({{"key", "a"}, {"kye", "b"}});
    FAIL("it is taken");
  } catch (const ControlError& error) {
    CHECK(error.kind() == ControlError::Kind::bad);
    CHECK(error.what() == std::string{"kye: there is no such member; there may be 'key'"});
  }
}

TEST_CASE("an empty body is an empty object and a malformed one is refused") {
  CHECK(broker::json_of_body("") == MatchJson::object());
  CHECK(broker::json_of_body("{\"a\": 1}") == MatchJson{{"a", 1}});
  CHECK_THROWS_WITH(broker::json_of_body("{\"a\": }"),
                    Catch::StartsWith("the body is no JSON: parse error at line 1, column 7"));
}

}  // namespace pocketmq::tests
