// A recording is the journal as NDJSON; where its reader is too slow there is a gap.
#include "broker/journal/recording.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "protocol/io/line_writer.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/journal_under_test.hpp"
#include "tests/support/sample_events.hpp"

namespace pocketmq::tests {
namespace {

namespace event = broker::event;
using broker::Journal;
using broker::Recording;
using nlohmann::json;

// Takes lines as long as it is told to.
class File final : public protocol::LineSink {
 public:
  bool write(std::string_view lines) override {
    if (has_room) text += lines;
    return has_room;
  }
  void write_last(std::string_view line) override { text += line; }

  /// The lines, parsed.
  [[nodiscard]] std::vector<json> lines() const {
    std::vector<json> lines;
    std::istringstream stream{text};
    for (std::string line; std::getline(stream, line);) lines.push_back(json::parse(line));
    return lines;
  }
  /// What comes behind the header, as "3 memory.freed" or "2 gap 1-2".
  [[nodiscard]] std::vector<std::string> events() const {
    std::vector<std::string> events;
    for (const auto& line : lines()) {
      if (line.contains("journal")) continue;
      auto text_of_line = line["number"].dump() + ' ' + line["kind"].get<std::string>();
      if (line["kind"] == "gap") text_of_line += ' ' + line["from"].dump() + '-' + line["to"].dump();
      events.push_back(text_of_line);
    }
    return events;
  }

  std::string text{};
  bool has_room{true};
};

using Events = std::vector<std::string>;

void tell(Journal& journal, int count) {
  for (int i = 0; i < count; ++i) journal.tell(event::MemoryFreed{});
}

// A file that is deleted in the end.
class TemporaryFile {
 public:
  TemporaryFile() : path_{(std::filesystem::temp_directory_path() / "pocketmq-recording-XXXXXX").string()} {
    descriptor_ = ::mkstemp(path_.data());
    REQUIRE(descriptor_ >= 0);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    ::close(descriptor_);
    std::filesystem::remove(path_);
  }

  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  int descriptor_{-1};
};

std::string output_of(const std::string& command) {
  auto* const pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string output;
  std::array<char, 4'096> bytes{};
  for (std::size_t count = 0; (count = std::fread(bytes.data(), 1, bytes.size(), pipe)) > 0;)
    output.append(bytes.data(), count);
  CHECK(::pclose(pipe) == 0);
  return output;
}

}  // namespace

TEST_CASE("a recording begins with a header and has what the journal still had") {
  JournalUnderTest test;
  test.journal.keep_last(Journal::ring_default_bytes);
  tell(test.journal, 2);
  File file;
  {
    const Recording recording{test.journal, file};
    tell(test.journal, 1);
  }
  tell(test.journal, 1);
  CHECK(file.lines().at(0)
        == json{{"journal", 1}, {"broker", "PocketMQ 0.1.0"}, {"time", "2026-11-30T10:15:02.123456Z"}, {"next", 1}});
  CHECK(file.events() == Events{"1 memory.freed", "2 memory.freed", "3 memory.freed"});
}

TEST_CASE("a recording may begin with the next event and leave categories out") {
  JournalUnderTest test;
  test.journal.keep_last(Journal::ring_default_bytes);
  tell(test.journal, 2);
  File file;
  const Recording recording{test.journal, file, {.categories = {event::Category::topology}}};
  tell(test.journal, 1);
  test.journal.tell(event::VhostCreated{.vhost = "/"});
  CHECK(file.lines().at(0)["next"] == 3);
  CHECK(file.events() == Events{"4 vhost.created"});
}

TEST_CASE("what the file had no room for is a gap") {
  JournalUnderTest test;
  test.journal.keep_last(Journal::ring_default_bytes);
  File file;
  {
    const Recording recording{test.journal, file};
    tell(test.journal, 1);
    file.has_room = false;
    tell(test.journal, 3);
    file.has_room = true;
    tell(test.journal, 2);
    file.has_room = false;
    tell(test.journal, 1);
  }
  CHECK(file.events() == Events{"1 memory.freed", "4 gap 2-4", "5 memory.freed", "6 memory.freed", "7 gap 7-7"});
}

TEST_CASE("a file that had no room at first has its header all the same") {
  JournalUnderTest test;
  test.journal.keep_last(Journal::ring_default_bytes);
  File file;
  file.has_room = false;
  SECTION("and has room later") {
    const Recording recording{test.journal, file};
    tell(test.journal, 2);
    file.has_room = true;
    tell(test.journal, 1);
    CHECK(file.events() == Events{"2 gap 1-2", "3 memory.freed"});
  }
  SECTION("and never has room") {
    {
      const Recording recording{test.journal, file};
      tell(test.journal, 2);
    }
    CHECK(file.events() == Events{"2 gap 1-2"});
  }
  CHECK(file.lines().at(0)["journal"] == 1);
}

TEST_CASE("a gap that there was no room for is part of the next one") {
  JournalUnderTest test;
  File lost;
  {
    const Recording listener{test.journal, lost};
    tell(test.journal, 2);  // which nobody keeps
  }
  File file;
  file.has_room = false;
  const Recording recording{test.journal, file};
  tell(test.journal, 1);
  file.has_room = true;
  tell(test.journal, 1);
  CHECK(file.events() == Events{"3 gap 1-3", "4 memory.freed"});
}

TEST_CASE("another program reads a recording of each kind of event") {
  JournalUnderTest test;
  test.journal.keep_last(Journal::ring_default_bytes);
  const TemporaryFile file;
  std::size_t kinds = 0;
  {
    protocol::LineWriter writer{file.descriptor()};
    const Recording recording{test.journal, writer};
    SampleEvents samples;
    event::for_each_kind([&]<class E>() {
      test.journal.tell(samples.make<E>());
      ++kinds;
    });
    test.journal.tell(event::VhostCreated{.vhost = "\xff \u20ac \n"});
  }
  const std::string script =
      "import json, sys\n"
      "lines = [json.loads(line) for line in open(sys.argv[1], encoding=\"ascii\", errors=\"surrogateescape\")]\n"
      "print(lines[0][\"journal\"], len(lines), len({line[\"kind\"] for line in lines[1:]}))\n"
      "print([line[\"number\"] for line in lines[1:]] == list(range(1, len(lines))), lines[-1][\"vhost\"])\n";
  CHECK(output_of("python3 -c '" + script + "' " + file.path())
        == "1 " + std::to_string(kinds + 2) + ' ' + std::to_string(kinds) + "\nTrue {'$string': '/yDigqwgCg=='}\n");
}

}  // namespace pocketmq::tests
