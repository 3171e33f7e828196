// A JSON object that a person has written: what is asked of it, and how what is wrong is told.
#include "broker/core/json_object.hpp"

#include <nlohmann/json.hpp>

#include "protocol/vocabulary/field_table.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

using broker::JsonObject;
using broker::JsonObjectError;
using broker::parse_json_text;
using ObjectJson = JsonObject::Json;

std::string refusal_of_question(const std::function<void()>& question) {
  try {
    question();
  } catch (const JsonObjectError& error) {
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("an object's members are asked for by name") {
  const auto json = ObjectJson::parse(R"({"name": "q", "durable": true, "priority": -3})");
  JsonObject queue{json, "queues[3]"};
  CHECK(queue.text("name") == "q");
  CHECK(queue.boolean("durable"));
  CHECK(queue.integer("priority", 0) == -3);
}

TEST_CASE("an object's missing members have defaults where they may be missing") {
  const ObjectJson json = ObjectJson::object();
  JsonObject queue{json, "queues[3]"};
  CHECK(queue.optional_text("name") == std::nullopt);
  CHECK(queue.boolean("internal", true));
  CHECK(queue.integer("priority", 7) == 7);
  CHECK(queue.table("arguments").empty());
  CHECK(queue.words("tags").empty());
  CHECK(queue.list("queues").empty());
  CHECK(refusal_of_question([&] { (void)queue.text("name"); }) == "queues[3].name: is missing");
  CHECK(refusal_of_question([&] { (void)queue.boolean("durable"); }) == "queues[3].durable: is missing");
}

TEST_CASE("an object's member of the wrong type is told with its place") {
  const auto json = ObjectJson::parse(R"({"a": 7, "b": "true", "c": null, "d": [1], "e": {"f": {}}, "g": 1.5})");
  JsonObject queue{json, "queues[3]"};
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
          (void)JsonObject{json["d"], "queues[3]"};
        })
        == "queues[3]: wants a JSON object, got an array");
  CHECK(refusal_of_question([&] { (void)JsonObject{json["d"], ""}; }) == "wants a JSON object, got an array");
}

TEST_CASE("an object's name has at most 255 bytes") {
  const ObjectJson json{{"short", std::string(255, 'x')}, {"long", std::string(256, 'x')}};
  JsonObject queue{json, "queues[3]"};
  CHECK(queue.name("short").size() == 255);
  CHECK(refusal_of_question([&] { (void)queue.name("long"); }) == "queues[3].long: is longer than 255 bytes");
}

TEST_CASE("an object's arguments are a field table") {
  const auto json = ObjectJson::parse(R"({"arguments": {"x-message-ttl": 60000, "x-overflow": "drop-head"}})");
  const auto encoded = JsonObject{json, ""}.table("arguments");
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
  const ObjectJson json{{"tags", ObjectJson::parse(text)}};
  CHECK(JsonObject{json, ""}.words("tags") == words);
}

TEST_CASE("a list's elements know their places") {
  const auto json = ObjectJson::parse(R"({"queues": [{"name": "a"}, {"name": "b"}]})");
  const auto queues = JsonObject{json, ""}.list("queues");
  REQUIRE(queues.size() == 2);
  CHECK(queues[1].path() == "queues[1]");
}

TEST_CASE("an object tells what nobody asked for but not what holds nothing") {
  const auto json = ObjectJson::parse(
      R"({"name": "q", "limits": {"a": 1}, "b": 0, "c": true,
          "no 1": null, "no 2": false, "no 3": "", "no 4": [], "no 5": {}, "known": 1})");
  JsonObject queue{json, ""};
  (void)queue.text("name");
  queue.ignore({"known"});
  CHECK(queue.unread_keys() == std::vector<std::string>{"limits", "b", "c"});
}

TEST_CASE("an object within an object is named by its path") {
  const auto json = ObjectJson::parse(R"({"on": {"method": 7}, "do": []})");
  JsonObject rule{json, ""};
  CHECK(rule.object("not there") == std::nullopt);
  CHECK(refusal_of_question([&] { (void)rule.object("on")->text("method"); })
        == "on.method: wants a string, got the integer 7");
  CHECK(refusal_of_question([&] { (void)rule.object("do"); }) == "do: wants a JSON object, got an array");
}

TEST_CASE("an object's whole numbers have bounds") {
  const auto json = ObjectJson::parse(R"({"nth": 2, "times": 0, "every": "3"})");
  JsonObject rule{json, "faults"};
  CHECK(rule.whole_number("nth", 1, 9) == 2);
  CHECK(rule.whole_number("not there", 1, 9) == std::nullopt);
  CHECK(refusal_of_question([&] { (void)rule.whole_number("times", 1, 9); })
        == "faults.times: wants an integer from 1 to 9, got the integer 0");
  CHECK(refusal_of_question([&] { (void)rule.whole_number("every", 1, 9); })
        == "faults.every: wants an integer from 1 to 9, got a string");
}

TEST_CASE("an object refuses what nobody asked for and says what there may be") {
  const auto json = ObjectJson::parse(R"({"nth": 2, "tiems": 0})");
  JsonObject rule{json, "faults"};
  (void)rule.whole_number("nth", 1, 9);
  (void)rule.whole_number("times", 1, 9);
  CHECK(refusal_of_question([&] { rule.refuse_unread_keys(); })
        == "faults.tiems: there is no such member; there may be 'nth', 'times'");
  (void)rule.member("tiems");
  CHECK(refusal_of_question([&] { rule.refuse_unread_keys(); }) == "none");
}

TEST_CASE("a mistake in a JSON text is told with its line and column") {
  CHECK(parse_json_text("[1]") == ObjectJson::array({1}));
  CHECK(
      refusal_of_question([] { (void)parse_json_text("{\n\"a\": }"); }).starts_with("parse error at line 2, column "));
}

}  // namespace pocketmq::tests
