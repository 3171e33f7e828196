// Recordings without what differs from run to run.
#include "broker/compare/normalized_recording.hpp"

#include "broker/inspect.hpp"
#include "broker/journal/ndjson.hpp"
#include "broker/request/control_error.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using broker::normalized_recording;

constexpr std::string_view header = "{\"recording\":1,\"members\":\"all\",\"times\":\"ignored\"}\n";

// The normalized form of one event whose members are these, without its "at" and kind.
std::string normalized_event(const std::string& members, std::string_view scope = {}) {
  const auto text =
      normalized_recording("{\"time\":\"2026-11-30T10:15:02.123456Z\",\"kind\":\"x\"," + members + "}\n", scope);
  REQUIRE(text.starts_with(header));
  const std::string begin = "{\"at\":\"+0.000\",\"kind\":\"x\",";
  const auto event = text.substr(header.size());
  REQUIRE(event.starts_with(begin));
  return event.substr(begin.size(), event.size() - begin.size() - 2);
}

}  // namespace

TEST_CASE("connections and messages are numbered as they appear in a recording") {
  const std::string text =
      R"({"number":4,"time":"2026-11-30T23:59:59.999000Z","kind":"message.delivered","message":71,"connection":9,"position":3})"
      "\n\n"
      R"({"number":5,"time":"2026-12-01T00:00:01.500999Z","ahead_ms":5,"kind":"message.dead_letter","message":72,"parent":71})"
      "\n"
      R"({"number":6,"time":"2026-12-02T00:00:00.000000Z","kind":"message.acked","message":0,"connection":8,"address":"1:2"})"
      "\n";
  CHECK(normalized_recording(text)
        == std::string{header} + R"({"at":"+0.000","kind":"message.delivered","message":"m1","connection":"c1"}
{"at":"+1.501","kind":"message.dead_letter","message":"m2","parent":"m1"}
{"at":"+86400.001","kind":"message.acked","message":"m0","connection":"c2"}
)");
}

TEST_CASE("a message that a test has published has no connection in a recording") {
  CHECK(normalized_event(R"("message":1,"connection":0,"channel":0,"body":"b","body_bytes":1)")
        == R"("message":"m1","body":"b")");
  CHECK(normalized_event(R"("connection":3,"channel":0)") == R"("connection":"c1","channel":0)");
}

TEST_CASE("random names are replaced in every string of a recording") {
  CHECK(normalized_event(R"("queue":"amq.gen-JzTY20BRgKO-HjmUJj0wLg","key":"to amq.gen-JzTY20BRgKO-HjmUJj0wLg!")")
        == R"("queue":"<q1>","key":"to <q1>!")");
  CHECK(normalized_event(R"("consumer":"amq.ctag-JzTY20BRgKO_HjmUJj0wLg","queue":"amq.gen-short")")
        == R"("consumer":"<t1>","queue":"amq.gen-short")");
  CHECK(normalized_event(R"("reply_to":"amq.rabbitmq.reply-to.cG9ja2V0bXE=.abc-_/+","queue":"amq.rabbitmq.reply-to")")
        == R"("reply_to":"<r1>","queue":"amq.rabbitmq.reply-to")");
  CHECK(normalized_event(
            R"("properties":{"correlation_id":"123E4567-e89b-12d3-a456-426614174000","message_id":"7",)"
            R"("headers":{"id":"0123456789abcdef0123456789abcdef","l":["123E4567-e89b-12d3-a456-426614174000"]}})")
        == R"("properties":{"correlation_id":"<u1>","message_id":"7","headers":{"id":"<u2>","l":["<u1>"]}})");
  CHECK(normalized_event(R"("a":"123e4567-e89b-12d3-a456-4266141740001","b":"0123456789abcdef0123456789abcdef0")")
        == R"("a":"123e4567-e89b-12d3-a456-4266141740001","b":"0123456789abcdef0123456789abcdef0")");
}

TEST_CASE("JSON bodies and times of a recording are readable") {
  CHECK(normalized_event(R"("body":"{\"id\": 5, \"of\":\"123e4567-e89b-12d3-a456-426614174000\"}","body_bytes":54)")
        == R"("body":{"id":5,"of":"<u1>"})");
  CHECK(normalized_event(R"("body":"[1]","body_bytes":3)") == R"("body":[1])");
  CHECK(normalized_event(R"("body":"5","body_bytes":1)") == R"("body":"5")");
  CHECK(normalized_event(R"("body":"{\"id\"","body_bytes":5000)") == R"("body":"{\"id\"","body_bytes":5000)");
  CHECK(normalized_event(R"("properties":{"timestamp":1764500000,"headers":{"x":{"$timestamp":5}}})")
        == R"("properties":{"timestamp":"<time>","headers":{"x":"<time>"}})");
}

TEST_CASE("a recording of a scope has only what happens there") {
  World world{Encoding::amqp};
  std::string text;
  world.broker().add_virtual_host("retry-1");
  auto guest = *world.broker().users().find("guest");
  guest.permissions["retry-1"] = guest.permissions.at("/");
  world.broker().users().put(guest);
  const auto subscription =
      world.broker().journal().subscribe([&](const broker::Entry& e) { broker::append_ndjson(e, text); });
  const auto other = world.connect({.name = "other"});
  const auto alice = world.connect({.virtual_host = "retry-1", .name = "alice"});
  other.declares("noise").publishes("noise", "x");
  alice.declares("q").selects_confirms().publishes("q", {.body = R"({"n":1})", .mandatory = true}).is_confirmed(1);
  alice.sends(queue::Declare{.queue = "none", .passive = true})
      .channel_is_closed(ReplyCode::not_found, "NOT_FOUND - no queue 'none' in vhost 'retry-1'");
  const auto scope = normalized_recording(text, "retry-1");
  CHECK(scope.find("noise") == std::string::npos);
  CHECK(scope.find("other") == std::string::npos);
  CHECK(scope.find("retry-1") == std::string::npos);
  CHECK(scope.find("127.0.0.1") == std::string::npos);
  CHECK(scope.find(R"("kind":"connection.opened","connection":"c1"})") != std::string::npos);
  CHECK(scope.find(R"("kind":"connection.authenticated","connection":"c1","name":"alice","encoding":"amqp"})")
        != std::string::npos);
  CHECK(scope.find(R"("kind":"publish.confirmed","connection":"c1","channel":1,"publish":1})") != std::string::npos);
  CHECK(scope.find(R"("body":{"n":1}})") != std::string::npos);
  CHECK(scope.find("no queue 'none' in vhost '<scope>'") != std::string::npos);
  CHECK(normalized_recording(text).find("noise") != std::string::npos);
}

TEST_CASE("what is no journal is refused with its line") {
  const std::string good = "{\"time\":\"2026-11-30T10:15:02.123456Z\",\"kind\":\"x\"}\n";
  for (const std::string_view bad : {"x", "[]", "{}", R"({"kind":"x"})", R"({"kind":"x","time":"yesterday"})"}) try {
      static_cast<void>(normalized_recording(good + std::string{bad}));
      FAIL(bad);
    } catch (const broker::ControlError& error) {
      CHECK(std::string_view{error.what()}.starts_with("line 2 is no event of the journal: "));
    }
}

}  // namespace pocketmq::tests
