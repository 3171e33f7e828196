#include "broker/journal/trace_log.hpp"

#include <sstream>

#include <nlohmann/json.hpp>

#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using broker::LogFormat;

// A trace whose lines a test reads.
struct Traced {
  explicit Traced(LogFormat format) : lines{sink, format, [] { return std::chrono::system_clock::time_point{}; }} {}

  std::ostringstream text{};
  protocol::StreamSink sink{text};
  broker::LogLines lines;
  broker::TraceLog trace{lines};
};

}  // namespace

TEST_CASE("the trace is a line for every command that says who tells whom") {
  Traced traced{LogFormat::text};
  World world{{.observer = &traced.trace}};
  auto alice = world.connect({.name = "alice"});
  traced.text.str("");
  alice.declares("q").publishes("q", {.body = "m", .properties = {.correlation_id = "7", .reply_to = "here"}});
  CHECK(traced.text.str() ==
        "1970-01-01T00:00:00.000Z trace alice -> broker  queue.declare queue=q\n"
        "1970-01-01T00:00:00.000Z trace broker -> alice  queue.declare-ok queue=q\n"
        "1970-01-01T00:00:00.000Z trace alice -> broker  basic.publish routing_key=q correlation_id=7 reply_to=here body=m\n");
}

TEST_CASE("the trace in JSON is an object a line") {
  Traced traced{LogFormat::json};
  World world{{.observer = &traced.trace}};
  auto alice = world.connect({.name = "alice"});
  traced.text.str("");
  alice.declares("q");
  std::istringstream written{traced.text.str()};
  std::string declare, declare_ok, nothing;
  std::getline(written, declare);
  std::getline(written, declare_ok);
  CHECK_FALSE(std::getline(written, nothing));
  const auto asked = nlohmann::json::parse(declare), answered = nlohmann::json::parse(declare_ok);
  CHECK(asked["time"] == "1970-01-01T00:00:00.000Z");
  CHECK(asked["level"] == "trace");
  CHECK(asked["from"] == "alice");
  CHECK(asked["to"] == "broker");
  CHECK(asked["command"]["method"] == "queue.declare");
  CHECK(asked["command"]["queue"] == "q");
  CHECK(answered["from"] == "broker");
  CHECK(answered["to"] == "alice");
  CHECK(answered["command"]["method"] == "queue.declare-ok");
}

TEST_CASE("a client is known by its name from its first command on") {
  Traced traced{LogFormat::text};
  World world{{.observer = &traced.trace}};
  (void)world.connect({.name = "alice"});
  CHECK_THAT(traced.text.str(), Catch::Contains("alice -> broker  connection."));
  CHECK_THAT(traced.text.str(), !Catch::Contains("client 1 -> broker"));
}

TEST_CASE("a name does not break the line that it stands in") {
  const auto format = GENERATE(LogFormat::text, LogFormat::json);
  Traced traced{format};
  World world{{.observer = &traced.trace}};
  auto alice = world.connect({.name = "alice\nmallory -> broker"});
  traced.text.str("");
  alice.publishes("q", "two\nlines");
  CHECK(std::ranges::count(traced.text.str(), '\n') == 1);
}

TEST_CASE("the trace hides passwords") {
  const auto format = GENERATE(LogFormat::text, LogFormat::json);
  Traced traced{format};
  World world{{.observer = &traced.trace}};
  const Login login{.password = "hunter2"};
  (void)world.arrive(login).shakes_hands(login);
  CHECK_THAT(traced.text.str(), Catch::Contains("***"));
  CHECK_THAT(traced.text.str(), !Catch::Contains("hunter2"));
}

}  // namespace pocketmq::tests
