// The lines of the log: their format, what of others' text stands in them, and what happens where there is no room.
#include "broker/journal/log_lines.hpp"

#include <nlohmann/json.hpp>

#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

using broker::LogFormat;
using broker::LogLevel;
using namespace std::chrono_literals;

// Takes lines as long as it is told to.
class Reader : public protocol::LineSink {
 public:
  bool write(std::string_view lines) override {
    if (takes) text += lines;
    return takes;
  }
  void write_last(std::string_view line) override { text += line; }

  std::string text{};
  bool takes{true};
};

struct WrittenLog : Reader {
  explicit WrittenLog(LogFormat format) : lines{*this, format, [this] { return now; }} {}

  std::chrono::system_clock::time_point now{std::chrono::sys_days{std::chrono::year{2026} / 11 / 30} + 10h + 15min + 2s
                                            + 123ms};
  broker::LogLines lines;
};

}  // namespace

TEST_CASE("a line has a time a level who and what") {
  WrittenLog log{LogFormat::text};
  log.lines.say(LogLevel::info, "is there");
  log.lines.say(LogLevel::warning, "alice", "127.0.0.1:7", "has gone");
  log.now += 24h;
  log.lines.say(LogLevel::debug, "127.0.0.1:8", "127.0.0.1:8", "is there");
  log.lines.say(LogLevel::error, "is not there");
  CHECK(log.text ==
        "2026-11-30T10:15:02.123Z info broker  is there\n"
        "2026-11-30T10:15:02.123Z warning alice (127.0.0.1:7)  has gone\n"
        "2026-12-01T10:15:02.123Z debug 127.0.0.1:8  is there\n"
        "2026-12-01T10:15:02.123Z error broker  is not there\n");
}

TEST_CASE("a line of JSON has the same") {
  WrittenLog log{LogFormat::json};
  log.lines.say(LogLevel::info, "is there");
  log.lines.say(LogLevel::warning, "alice", "127.0.0.1:7", "has gone");
  CHECK(log.text
        == R"({"time":"2026-11-30T10:15:02.123Z","level":"info","message":"is there"})"
           "\n"
           R"({"time":"2026-11-30T10:15:02.123Z","level":"warning","connection":"alice","address":"127.0.0.1:7",)"
           R"("message":"has gone"})"
           "\n");
}

TEST_CASE("what peers call themselves does nothing to a terminal, and a line is one line") {
  WrittenLog log{GENERATE(LogFormat::text, LogFormat::json)};
  log.lines.say(LogLevel::warning, "al\nice\x1b[2J\xff", "127.0.0.1:7", "user '\x1b]0;\r\n\xc2\x9b' \xff");
  log.lines.say(LogLevel::warning, "\x1b[2J\n");
  log.lines.trace("al\nice\x1b\xff", "broker", {.channel = 1, .method = protocol::tx::Select{}});
  CHECK(std::ranges::count(log.text, '\n') == 3);
  for (const char c : log.text) CHECK((c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f)));
  CHECK_THAT(log.text, !Catch::Contains("\xc2\x9b") && !Catch::Contains("\xff"));
}

TEST_CASE("a long name is cut") {
  WrittenLog log{GENERATE(LogFormat::text, LogFormat::json)};
  log.lines.say(LogLevel::info, std::string(1'000'000, 'x'), "127.0.0.1:7", "is there");
  log.lines.trace("broker", std::string(1'000'000, 'x'), {.channel = 1, .method = protocol::tx::SelectOk{}});
  CHECK(log.text.size() < 700);
}

TEST_CASE("where there is no room lines are dropped and the next one says how many") {
  WrittenLog log{LogFormat::text};
  log.takes = false;
  log.lines.say(LogLevel::info, "one");
  log.lines.trace("alice", "broker", {.channel = 1, .method = protocol::tx::Select{}});
  log.takes = true;
  log.lines.say(LogLevel::info, "three");
  log.lines.say(LogLevel::info, "four");
  CHECK(log.text ==
        "2026-11-30T10:15:02.123Z warning broker  2 lines were dropped here: whoever reads this was too slow\n"
        "2026-11-30T10:15:02.123Z info broker  three\n"
        "2026-11-30T10:15:02.123Z info broker  four\n");
}

TEST_CASE("what was dropped at the end is told at the end") {
  Reader reader;
  {
    broker::LogLines lines{reader, LogFormat::text, [] { return std::chrono::system_clock::time_point{}; }};
    reader.takes = false;
    lines.say(LogLevel::info, "one");
  }
  CHECK_THAT(reader.text,
             Catch::EndsWith("warning broker  1 line was dropped here: whoever reads this was too slow\n"));
}

TEST_CASE("dropped lines are told of in JSON too") {
  WrittenLog log{LogFormat::json};
  log.takes = false;
  log.lines.say(LogLevel::info, "one");
  log.takes = true;
  log.lines.say(LogLevel::info, "two");
  const auto told = nlohmann::json::parse(log.text.substr(0, log.text.find('\n')));
  CHECK_THAT(told["message"].get<std::string>(), Catch::StartsWith("1 line was dropped here"));
}

}  // namespace pocketmq::tests
