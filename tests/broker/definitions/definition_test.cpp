// One object of a definitions file: what is asked of it, and how what is wrong is told.
#include "broker/definitions/definition.hpp"

#include <nlohmann/json.hpp>

#include "protocol/vocabulary/field_table.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

using broker::Definition;
using broker::DefinitionsError;
using DefinitionJson = Definition::Json;

std::string refusal_of_question(const std::function<void()>& question) {
  try {
    question();
  } catch (const DefinitionsError& error) {
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("a definition's members are asked for by name") {
  const auto json = DefinitionJson::parse(R"({"name": "q", "durable": true, "priority": -3})");
  Definition queue{json, "queues[3]"};
  CHECK(queue.text("name") == "q");
  CHECK(queue.boolean("durable"));
  CHECK(queue.integer("priority", 0) == -3);
}

TEST_CASE("a definition's missing members have defaults where they may be missing") {
  const DefinitionJson json = DefinitionJson::object();
  Definition queue{json, "queues[3]"};
  CHECK(queue.optional_text("name") == std::nullopt);
  CHECK(queue.boolean("internal", true));
  CHECK(queue.integer("priority", 7) == 7);
  CHECK(queue.table("arguments").empty());
  CHECK(queue.words("tags").empty());
  CHECK(queue.list("queues").empty());
  CHECK(refusal_of_question([&] { (void)queue.text("name"); }) == "queues[3].name: is missing");
  CHECK(refusal_of_question([&] { (void)queue.boolean("durable"); }) == "queues[3].durable: is missing");
}

TEST_CASE("a definition's member of the wrong type is told with its place") {
  const auto json = DefinitionJson::parse(R"({"a": 7, "b": "true", "c": null, "d": [1], "e": {"f": {}}, "g": 1.5})");
  Definition queue{json, "queues[3]"};
  CHECK(refusal_of_question([&] { (void)queue.text("a"); }) == "queues[3].a: wants a string, got the integer 7");
  CHECK(refusal_of_question([&] { (void)queue.optional_text("c"); }) == "queues[3].c: wants a string, got null");
  CHECK(refusal_of_question([&] { (void)queue.boolean("b"); }) == "queues[3].b: wants true or false, got a string");
  CHECK(refusal_of_question([&] { (void)queue.integer("g", 0); })
        == "queues[3].g: wants an integer, got the real number 1.5");
  CHECK(refusal_of_question([&] { (void)queue.list("e"); }) == "queues[3].e: wants an array, got an object");
  CHECK(refusal_of_question([&] { (void)queue.table("d"); }) == "queues[3].d: wants a JSON object, got an array");
  CHECK(refusal_of_question([&] { (void)queue.words("d"); })
        == "queues[3].d: wants an array of strings, or a string with commas between the words");
  CHECK(refusal_of_question([&] {
          (void)Definition{json["d"], "queues[3]"};
        })
        == "queues[3]: wants a JSON object, got an array");
  CHECK(refusal_of_question([&] { (void)Definition{json["d"], ""}; }) == "wants a JSON object, got an array");
}

TEST_CASE("a definition's name has at most 255 bytes") {
  const DefinitionJson json{{"short", std::string(255, 'x')}, {"long", std::string(256, 'x')}};
  Definition queue{json, "queues[3]"};
  CHECK(queue.name("short").size() == 255);
  CHECK(refusal_of_question([&] { (void)queue.name("long"); }) == "queues[3].long: is longer than 255 bytes");
}

TEST_CASE("a definition's arguments are a field table") {
  const auto json = DefinitionJson::parse(R"({"arguments": {"x-message-ttl": 60000, "x-overflow": "drop-head"}})");
  const auto encoded = Definition{json, ""}.table("arguments");
  const protocol::FieldTable table{encoded};
  CHECK(table.find("x-message-ttl")->integer() == 60'000);
  CHECK(table.find("x-overflow")->string() == "drop-head");
}

TEST_CASE("words stand in an array or between commas") {
  using Words = std::vector<std::string>;
  const auto [text, words] = GENERATE(values<std::pair<std::string, Words>>({
      {R"(["a", "b c"])", {"a", "b c"}},
      {R"("a, b c ,,  ,d")", {"a", "b c", "d"}},
      {R"("a")", {"a"}},
      {R"("")", {}},
      {R"("  ")", {}},
      {R"([])", {}},
  }));
  const DefinitionJson json{{"tags", DefinitionJson::parse(text)}};
  CHECK(Definition{json, ""}.words("tags") == words);
}

TEST_CASE("a list's elements know their places") {
  const auto json = DefinitionJson::parse(R"({"queues": [{"name": "a"}, {"name": "b"}]})");
  const auto queues = Definition{json, ""}.list("queues");
  REQUIRE(queues.size() == 2);
  CHECK(queues[1].path() == "queues[1]");
}

TEST_CASE("a definition tells what nobody asked for but not what holds nothing") {
  const auto json = DefinitionJson::parse(
      R"({"name": "q", "limits": {"a": 1}, "b": 0, "c": true,
          "no 1": null, "no 2": false, "no 3": "", "no 4": [], "no 5": {}, "known": 1})");
  Definition queue{json, ""};
  (void)queue.text("name");
  queue.ignore({"known"});
  CHECK(queue.unread_keys() == std::vector<std::string>{"limits", "b", "c"});
}

}  // namespace pocketmq::tests
