#include "broker/journal/trace_log.hpp"

#include <sstream>

#include <nlohmann/json.hpp>

#include "broker/session/broker.hpp"
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

TEST_CASE("the trace shows what no command shows") {
  Traced traced{LogFormat::text};
  World world{{.observer = &traced.trace}};
  traced.trace.follow(world.broker().journal());
  auto alice = world.connect({.name = "alice"}), bob = world.connect({.name = "bob"});
  alice.declares("q").declares({.queue = "own", .exclusive = true}).publishes("q", "m").gets("q", "m");
  const auto silent_lines = [&traced] {
    std::istringstream written{traced.text.str()};
    std::vector<std::string> lines;
    for (std::string line; std::getline(written, line);)
      if (line.find(" -> ") == line.npos)
        lines.push_back(line.substr(std::string_view{"1970-01-01T00:00:00.000Z trace "}.size()));
    traced.text.str("");
    return lines;
  };
  CHECK(silent_lines().empty());

  SECTION("a lost connection and what it held") {
    alice.vanishes();
    world.settle();
    CHECK(silent_lines()
          == std::vector<std::string>{
              "broker  connection.lost client=alice text=\"Connection reset by peer\" unacked=1 exclusive_queues=1",
              "broker  message.requeued message=1 queue=q reason=connection_lost client=alice channel=1 delivery_tag=1",
              "broker  queue.deleted queue=own reason=connection_ended client=alice"});
  }
  SECTION("a reply to a queue that is gone") {
    bob.publishes("gone", "late");
    CHECK(silent_lines() == std::vector<std::string>{"broker  message.unroutable message=2 routing_key=gone"});
  }
  SECTION("a message that expires") {
    bob.publishes("q", {.body = "short", .properties = {.expiration = "5"}});
    world.advance(1s);
    CHECK(silent_lines() == std::vector<std::string>{"broker  message.expired message=2 queue=q"});
  }
}

TEST_CASE("the trace in JSON has the journal's events") {
  Traced traced{LogFormat::json};
  World world{{.observer = &traced.trace}};
  traced.trace.follow(world.broker().journal());
  auto alice = world.connect({.name = "alice"});
  traced.text.str("");
  alice.vanishes();
  world.settle();
  const auto line = nlohmann::json::parse(traced.text.str());
  CHECK(line["level"] == "trace");
  CHECK(line["client"] == "alice");
  CHECK(line["event"]["kind"] == "connection.lost");
}

}  // namespace pocketmq::tests
