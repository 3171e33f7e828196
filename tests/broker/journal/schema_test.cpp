// The schema, the lines and the README say the same.
#include "broker/journal/schema.hpp"

#include <fstream>
#include <regex>
#include <sstream>

#include <nlohmann/json.hpp>

#include "broker/journal/ndjson.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"
#include "tests/support/schema_check.hpp"

namespace pocketmq::tests {
namespace {

namespace event = broker::event;
using nlohmann::json;

std::string line_of(const event::Entry::Event& sample) {
  std::string line;
  broker::append_ndjson(event::Entry{1, {}, sample}, line);
  return line;
}

// "unsigned", "one of `a`, `b`", "list of objects", ... as the README has it.
std::string type_of(const json& field) {
  const auto type = field["type"].get<std::string>();
  const auto optional = field.value("optional", false) ? std::string{", optional"} : std::string{};
  if (type == "list") return "list of " + field["of"]["type"].get<std::string>() + 's' + optional;
  if (type != "name") return type + optional;
  std::string names;
  for (const auto& name : field["values"]) names += (names.empty() ? "`" : ", `") + name.get<std::string>() + '`';
  return names + optional;
}

// What the README says of a kind, or of a route.
struct Section {
  std::string title;
  std::vector<std::pair<std::string, std::string>> fields;  // names and types
  std::vector<std::string> examples;
};

std::vector<Section> sections_of_readme() {
  std::ifstream file{POCKETMQ_SOURCE_DIR "/broker/journal/README.md"};
  REQUIRE(file);
  std::vector<Section> sections;
  static const std::regex title{R"(### `([a-z_.]+)`)"}, row{R"(\| `(\w+)` \| (.+?) \| .+ \|)"};
  for (std::string line; std::getline(file, line);) {
    std::smatch match;
    if (line.starts_with("## ")) sections.emplace_back();
    if (std::regex_match(line, match, title)) sections.push_back({.title = match[1]});
    if (sections.empty()) continue;
    if (std::regex_match(line, match, row)) sections.back().fields.emplace_back(match[1], match[2]);
    if (line.starts_with('{')) sections.back().examples.push_back(line);
  }
  std::erase_if(sections, [](const Section& section) { return section.title.empty(); });
  return sections;
}

std::vector<std::pair<std::string, std::string>> fields_of(const json& described) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const auto& field : described["fields"]) fields.emplace_back(field["name"], type_of(field));
  return fields;
}

}  // namespace

TEST_CASE("the line of each kind fits the schema with all optional fields and without") {
  SampleEvents samples;
  event::for_each_kind([&]<class E>() {
    INFO(E::kind.name);
    const auto full = samples.make<E>();
    const E least{};
    CHECK(faults_in_line(line_of(&full)).empty());
    CHECK(faults_in_line(line_of(&least)).empty());
    // With all of them there is each field.
    CHECK(json::parse(line_of(&full)).size() == 3 + schema_of(E::kind.name)["fields"].size());
  });
  CHECK(schema()["journal"] == broker::journal_schema_version);
}

TEST_CASE("what does not fit the schema is found") {
  const auto with = [](auto&& change) {
    const event::MessageDropped dropped{};
    auto line = json::parse(line_of(&dropped));
    change(line);
    return faults_in_line(line.dump());
  };
  CHECK(with([](json&) {}).empty());
  CHECK_FALSE(with([](json& line) { line.erase("reason"); }).empty());
  CHECK_FALSE(with([](json& line) { line["reason"] = "because"; }).empty());
  CHECK_FALSE(with([](json& line) { line["message"] = -1; }).empty());
  CHECK_FALSE(with([](json& line) { line["vhost"] = json::object(); }).empty());
  CHECK_FALSE(with([](json& line) { line["more"] = 1; }).empty());
}

TEST_CASE("the README lists each kind with its fields in order and none else") {
  const auto sections = sections_of_readme();
  const auto& kinds = schema()["kinds"];
  std::vector<std::string> in_readme, in_schema;
  for (const auto& section : sections) in_readme.push_back(section.title);
  for (const auto& kind : kinds) in_schema.push_back(kind["kind"]);
  in_schema.emplace_back("route");  // what lists of routes consist of
  REQUIRE(in_readme == in_schema);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    INFO(sections[i].title);
    CHECK(sections[i].fields == fields_of(kinds[i]));
  }
  for (const auto& field : schema_of("message.routed")["fields"])
    if (field["name"] == "routes") CHECK(sections.back().fields == fields_of(field["of"]));
}

TEST_CASE("the README's examples fit the schema and are of the kind above them") {
  for (const auto& section : sections_of_readme()) {
    if (section.title == "route") continue;
    INFO(section.title);
    CHECK(section.examples.size() == 1);
    for (const auto& example : section.examples) {
      CHECK(json::parse(example)["kind"] == section.title);
      CHECK(faults_in_line(example) == std::vector<std::string>{});
    }
  }
}

}  // namespace pocketmq::tests
