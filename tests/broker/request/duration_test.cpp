// Durations as people write them.
#include "broker/request/duration.hpp"

#include <nlohmann/json.hpp>

#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

using namespace std::chrono_literals;
using broker::duration_of;

}  // namespace

TEST_CASE("a duration is a whole number with a unit") {
  CHECK(duration_of("200ms") == 200ms);
  CHECK(duration_of("0s") == 0s);
  CHECK(duration_of("5s") == 5s);
  CHECK(duration_of("10m") == 10min);
  CHECK(duration_of("24h") == 24h);
  CHECK(duration_of("3d") == 72h);
  CHECK(duration_of("36500d") == 24h * 36'500);
}

TEST_CASE("what is no duration is not taken for one") {
  for (const auto* text : {"", "5", "s", "5 s", "-5s", "+5s", "1.5s", "5sec", "0x5s", "5S", "36501d",
                           "9223372036854775807s", "99999999999999999999s"}) {
    CAPTURE(text);
    CHECK_FALSE(duration_of(text));
  }
}

TEST_CASE("a member that is no duration is refused with examples") {
  const auto json = nlohmann::ordered_json::parse(R"({"within": "5 s", "advance": 5, "delay": "2s"})");
  broker::JsonObject object{json, ""};
  CHECK(broker::duration_in(object, "delay") == 2s);
  CHECK(broker::duration_in(object, "not there") == std::nullopt);
  CHECK_THROWS_WITH(broker::duration_in(object, "within"), Catch::EndsWith(R"("24h" or "3d"; got '5 s')"));
  CHECK_THROWS_WITH(broker::duration_in(object, "advance"),
                    Catch::StartsWith("advance: wants a duration") && Catch::EndsWith("got the integer 5"));
}

TEST_CASE("a duration is shown with two units at most") {
  CHECK(broker::duration_text(340ms) == "340 ms");
  CHECK(broker::duration_text(999'999us) == "999 ms");
  CHECK(broker::duration_text(1s) == "1 s");
  CHECK(broker::duration_text(4'890ms) == "4.8 s");
  CHECK(broker::duration_text(59s) == "59 s");
  CHECK(broker::duration_text(90s) == "1 min 30 s");
  CHECK(broker::duration_text(2h + 5min + 4s) == "2 h 5 min");
  CHECK(broker::duration_text(24h) == "1 d");
  CHECK(broker::duration_text(50h) == "2 d 2 h");
}

}  // namespace pocketmq::tests
