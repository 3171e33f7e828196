// Events as lines of JSON: what stands in them, and how others' bytes and secrets are shown.
#include "broker/journal/ndjson.hpp"

#include <nlohmann/json.hpp>

#include "tests/support/catch.hpp"
#include "tests/support/journal_under_test.hpp"

namespace pocketmq::tests {
namespace {

namespace event = broker::event;
using broker::Entry;
using namespace std::chrono_literals;
using namespace std::string_view_literals;

template <class E> std::string ndjson_of(const E& event, event::Time time = JournalUnderTest{}.time) {
  std::string line;
  broker::append_ndjson(Entry{7, time, &event}, line);
  return line;
}

nlohmann::json body_of(const event::Body& body) {
  const auto line = nlohmann::json::parse(ndjson_of(event::MessagePublished{.body = body}));
  CHECK(line["body_bytes"] == body.size_bytes);
  return line["body"];
}

}  // namespace

TEST_CASE("a line has number time kind and fields") {
  CHECK(ndjson_of(event::QueuePurged{.vhost = "/", .queue = "q", .messages = 3, .connection = 2, .channel = 1})
        == R"({"number":7,"time":"2026-11-30T10:15:02.123456Z","kind":"queue.purged","vhost":"/","queue":"q",)"
           R"("messages":3,"connection":2,"channel":1})"
           "\n");
}

TEST_CASE("a virtual time says how far it is ahead") {
  auto time = JournalUnderTest{}.time;
  time.shown += 24h;
  time.ahead = 24h;
  CHECK(ndjson_of(event::ClockFrozen{}, time)
        == R"({"number":7,"time":"2026-12-01T10:15:02.123456Z","ahead_ms":86400000,"kind":"clock.frozen"})"
           "\n");
}

TEST_CASE("an optional field is left out while it says nothing") {
  const event::MessageEnqueued plain{.message = 1, .vhost = "/", .queue = "q", .position = 4};
  const event::MessageEnqueued with_all{
      .message = 1, .vhost = "/", .queue = "q", .position = 4, .priority = 9, .expires_in_ms = 0};
  const auto fields = [](const std::string& line) { return line.substr(line.find("\"kind\"")); };
  CHECK(fields(ndjson_of(plain))
        == R"("kind":"message.enqueued","message":1,"vhost":"/","queue":"q","position":4})"
           "\n");
  CHECK(fields(ndjson_of(with_all))
        == R"("kind":"message.enqueued","message":1,"vhost":"/","queue":"q","position":4,"priority":9,)"
           R"("expires_in_ms":0})"
           "\n");
}

TEST_CASE("routes and properties are objects") {
  protocol::FieldTableWriter headers;
  headers.string("x", "y");
  std::string properties, storage;
  protocol::encode({.content_type = "text/plain", .headers = headers.table(), .priority = std::uint8_t{3}}, properties);
  const auto published = nlohmann::json::parse(
      ndjson_of(event::MessagePublished{.properties = {protocol::Properties{properties}, storage}}));
  CHECK(published["properties"]
        == nlohmann::json{{"content_type", "text/plain"}, {"headers", {{"x", "y"}}}, {"priority", 3}});

  const std::array queues{event::Text{"q"}, event::Text{"r"}};
  const std::array routes{
      event::Route{.exchange = "e", .via = event::Via::alternate, .to = "f", .to_is = event::Target::exchange},
      event::Route{.exchange = "f", .binding_key = "#", .to = "q"}};
  const auto routed = nlohmann::json::parse(ndjson_of(event::MessageRouted{
      .queue_count = 2, .queues = {std::span{queues}}, .route_count = 2, .routes = {std::span{routes}}}));
  CHECK(routed["queues"] == nlohmann::json{"q", "r"});
  CHECK(routed["routes"][0]
        == nlohmann::json{{"exchange", "e"}, {"via", "alternate"}, {"to", "f"}, {"to_is", "exchange"}});
  CHECK(
      routed["routes"][1]
      == nlohmann::json{{"exchange", "f"}, {"via", "binding"}, {"binding_key", "#"}, {"to", "q"}, {"to_is", "queue"}});
}

TEST_CASE("others' names are shown whatever bytes they have") {
  const auto shown = [](std::string_view name) {
    const auto line = ndjson_of(event::VhostCreated{.vhost = name});
    CHECK(line.find('\n') == line.size() - 1);
    for (const auto c : line) CHECK((static_cast<unsigned char>(c) >= 0x20 || c == '\n'));
    return nlohmann::json::parse(line)["vhost"];
  };
  CHECK(shown("a\"b\\c\nd\te\0f\x1b"sv) == "a\"b\\c\nd\te\0f\x1b"sv);
  CHECK(shown("\u20ac \U0001F600 \u202e") == "\u20ac \U0001F600 \u202e");
  CHECK(shown("\xff\xfe") == nlohmann::json{{"$string", "//4="}});
}

TEST_CASE("bodies are shown as the trace shows them") {
  CHECK(body_of("20") == "20");
  CHECK(body_of("") == "");
  CHECK(body_of("\xff\0"sv) == nlohmann::json{{"$string", "/wA="}});
  CHECK(body_of(R"({"user":"u","password":"p"})") == R"({"user":"u","password":"***"})");
  CHECK(body_of(R"([{"api_token": [1, 2]}])") == R"([{"api_token":"***"}])");
}

TEST_CASE("of a long body the beginning is shown") {
  const std::string long_text(5'000, 'x');
  CHECK(body_of(long_text) == std::string(event::Bounds::body_bytes, 'x'));
  CHECK(body_of("\xff" + long_text)["$string"].get<std::string>().size() > event::Bounds::body_bytes);
  const auto characters = std::string(event::Bounds::body_bytes - 1, 'x') + "\u20ac" + long_text;
  CHECK(body_of(characters) == std::string(event::Bounds::body_bytes - 1, 'x'));
}

TEST_CASE("the beginning of a long body shows no secret") {
  const std::string rest(5'000, 'x');
  CHECK(body_of(R"({"user":"u","password":"p","rest":")" + rest) == R"({"user":"u",)");
  CHECK(body_of(R"({"user":"u\"","pass\u0077ord":"p","rest":")" + rest) == R"({"user":"u\"",)");
  CHECK(body_of(R"({"authorization)" + rest) == "{");
  CHECK(body_of(R"({"a":"password)" + rest) == R"({"a":)");
  CHECK(body_of(R"({"a":"b","c":"\)" + rest).get<std::string>().starts_with(R"({"a":"b","c":"\x)"));
  CHECK(body_of(R"(no JSON: "password" = "p")" + rest).get<std::string>().starts_with(R"(no JSON: "password" = "p")"));
}

TEST_CASE("headers and arguments show no secret") {
  protocol::FieldTableWriter table;
  table.string("x-auth-token", "t").string("y", "z");
  std::string properties, storage;
  protocol::encode({.headers = table.table()}, properties);
  const auto published = nlohmann::json::parse(
      ndjson_of(event::MessagePublished{.properties = {protocol::Properties{properties}, storage}}));
  CHECK(published["properties"]["headers"] == nlohmann::json{{"x-auth-token", "***"}, {"y", "z"}});
  const auto declared = nlohmann::json::parse(ndjson_of(event::QueueDeclared{.arguments = {table.table()}}));
  CHECK(declared["arguments"] == nlohmann::json{{"x-auth-token", "***"}, {"y", "z"}});
}

TEST_CASE("a table that is too long says how long it is") {
  protocol::FieldTableWriter table;
  table.string("key", std::string(10'000, 'v'));
  const auto declared = nlohmann::json::parse(ndjson_of(event::QueueDeclared{.arguments = {table.table()}}));
  CHECK(declared["arguments"] == nlohmann::json::object());
  CHECK(declared["arguments_left_out_bytes"] == table.table().encoded().size());
}

}  // namespace pocketmq::tests
