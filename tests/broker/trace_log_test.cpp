#include "broker/trace_log.hpp"

#include <sstream>

#include <nlohmann/json.hpp>

#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using broker::TraceLog;

}  // namespace

TEST_CASE("the trace is a line for every command that says who tells whom") {
  std::ostringstream lines;
  TraceLog trace{lines, TraceLog::Format::text};
  World world{{.observer = &trace}};
  auto alice = world.connect({.name = "alice"});
  lines.str("");
  alice.declares("q").publishes("q", {.body = "m", .properties = {.correlation_id = "7", .reply_to = "here"}});
  CHECK(lines.str() ==
        "alice -> broker  queue.declare queue=q\n"
        "broker -> alice  queue.declare-ok queue=q\n"
        "alice -> broker  basic.publish routing_key=q correlation_id=7 reply_to=here body=m\n");
}

TEST_CASE("the trace in JSON is an object a line") {
  std::ostringstream lines;
  TraceLog trace{lines, TraceLog::Format::json};
  World world{{.observer = &trace}};
  auto alice = world.connect({.name = "alice"});
  lines.str("");
  alice.declares("q");
  std::istringstream written{lines.str()};
  std::string declare, declare_ok, nothing;
  std::getline(written, declare);
  std::getline(written, declare_ok);
  CHECK_FALSE(std::getline(written, nothing));
  const auto asked = nlohmann::json::parse(declare), answered = nlohmann::json::parse(declare_ok);
  CHECK(asked["from"] == "alice");
  CHECK(asked["to"] == "broker");
  CHECK(asked["command"]["method"] == "queue.declare");
  CHECK(asked["command"]["queue"] == "q");
  CHECK(answered["from"] == "broker");
  CHECK(answered["to"] == "alice");
  CHECK(answered["command"]["method"] == "queue.declare-ok");
}

TEST_CASE("a client is known by its name from its first command on") {
  std::ostringstream lines;
  TraceLog trace{lines, TraceLog::Format::text};
  World world{{.observer = &trace}};
  (void)world.connect({.name = "alice"});
  CHECK_THAT(lines.str(), Catch::Contains("alice -> broker  connection."));
  CHECK_THAT(lines.str(), !Catch::Contains("client 1 -> broker"));
}

TEST_CASE("a name does not break the line that it stands in") {
  const auto format = GENERATE(TraceLog::Format::text, TraceLog::Format::json);
  std::ostringstream lines;
  TraceLog trace{lines, format};
  World world{{.observer = &trace}};
  auto alice = world.connect({.name = "alice\nmallory -> broker"});
  lines.str("");
  alice.publishes("q", "two\nlines");
  CHECK(std::ranges::count(lines.str(), '\n') == 1);
}

TEST_CASE("the trace hides passwords") {
  const auto format = GENERATE(TraceLog::Format::text, TraceLog::Format::json);
  std::ostringstream lines;
  TraceLog trace{lines, format};
  World world{{.observer = &trace}};
  const Login login{.password = "hunter2"};
  (void)world.arrive(login).shakes_hands(login);
  CHECK_THAT(lines.str(), Catch::Contains("***"));
  CHECK_THAT(lines.str(), !Catch::Contains("hunter2"));
}

}  // namespace pocketmq::tests
