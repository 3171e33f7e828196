// Conditions as a test writes them in JSON, and what it gets back.
#include "broker/account/condition_json.hpp"

#include <nlohmann/json.hpp>

#include "broker/account/ledger_json.hpp"
#include "broker/request/control_error.hpp"
#include "tests/support/ledger_world.hpp"

namespace pocketmq::tests {
namespace {

using broker::Await;
using AwaitJson = nlohmann::ordered_json;

Await parsed_await(const char* json) { return broker::await_of(AwaitJson::parse(json)); }

std::string await_refusal(const char* json) {
  try {
    (void)parsed_await(json);
  } catch (const broker::ControlError& error) {
    CHECK(error.kind() == broker::ControlError::Kind::bad);
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("each condition is read from JSON") {
  const auto await = parsed_await(R"({"scope":"retry-1","message":{"routing_key":"orders.paid","state":"acked"},
                                      "within":"200ms","from":"now","count":3})");
  CHECK(await.scope == "retry-1");
  CHECK(await.within == 200ms);
  CHECK(await.from == Await::From::now);
  CHECK(text_of(await.condition) == "3 messages for 'orders.paid' that is acked");
  CHECK(text_of(parsed_await(R"({"message":{"exchange":"","queue":{"matches":"^q"},"body":"x","json":{"id":5},
                                 "headers":{"a":1},"properties":{"type":"t"}}})")
                    .condition)
        == "a message to the default exchange in queue a match of /^q/ with body 'x' with JSON {\"id\":5} with headers "
           "{\"a\":1} with properties {\"type\":\"t\"}");
  CHECK(text_of(parsed_await(R"({"queue":{"name":"q","ready":0,"unacked":{"at_least":2},"consumers":1}})").condition)
        == "queue 'q' with 0 ready and at least 2 unacked and 1 consumers");
  CHECK(text_of(parsed_await(R"({"connections":{"name":"app","count":2}})").condition)
        == "2 open connections of name 'app'");
  CHECK(text_of(parsed_await(R"({"drained":true,"rests_in":["a","b"],"count":5})").condition)
        == "drained but for 'a', 'b'");
  CHECK(std::get<broker::DrainedCondition>(parsed_await(R"({"drained":true,"count":5})").condition).count == 5);
  CHECK(text_of(parsed_await(R"({"quiet":"200ms"})").condition) == "quiet for 200 ms");
  const auto plain = parsed_await(R"({"drained":true})");
  CHECK_FALSE(plain.scope);
  CHECK(plain.within == 5s);
  CHECK(plain.from == Await::From::begin);
}

TEST_CASE("a condition that makes no sense is refused with what to write instead") {
  CHECK(await_refusal("{}")
        == "an await needs a condition, one of \"message\", \"queue\", \"connections\", \"drained\", \"quiet\": for "
           "example {\"message\": {\"routing_key\": \"orders.paid\"}}, or {\"drained\": true}");
  CHECK(await_refusal(R"({"drained":true,"quiet":"1s"})")
        == "an await has one condition, but this has \"drained\" and \"quiet\"; make a request for each");
  CHECK(await_refusal(R"({"message":{"state":"akced"}})").starts_with("message.state: wants one of \"published\", "));
  CHECK(await_refusal(R"({"message":{"key":"x"}})").starts_with("message.key: there is no such member"));
  CHECK(await_refusal(R"({"message":{"headers":"x"}})").starts_with("message.headers: wants an object"));
  CHECK(await_refusal(R"({"message":{"queue":"q","state":"returned"}})").starts_with("message.queue: has no meaning"));
  CHECK(await_refusal(R"({"queue":{"ready":1}})") == "queue.name: is missing");
  CHECK(await_refusal(R"({"queue":{"name":"q","ready":"1"}})")
        == "queue.ready: wants a number such as 3, or {\"at_least\": 3}; got a string");
  CHECK(
      await_refusal(R"({"queue":{"name":"q","ready":{"at_most":1}}})").starts_with("queue.ready.at_most: there is no"));
  CHECK(await_refusal(R"({"connections":{}})").starts_with("connections.count: is missing"));
  CHECK(await_refusal(R"({"drained":false})").starts_with("drained: wants true"));
  CHECK(await_refusal(R"({"drained":true,"rests_in":5})").starts_with("rests_in: wants a list of queues"));
  CHECK(await_refusal(R"({"drained":true,"within":5})").starts_with("within: wants a duration"));
  CHECK(await_refusal(R"({"drained":true,"from":"start"})").starts_with("from: wants \"begin\""));
  CHECK(await_refusal(R"({"message":{},"count":0})").starts_with("count: "));
  CHECK_THROWS_AS(broker::message_state_of("gone"), broker::ControlError);
  CHECK(broker::message_state_of("dead_lettered") == broker::MessageState::dead_lettered);
}

TEST_CASE("a message is an object in JSON") {
  LedgerWorld ledgers;
  auto alice = ledgers.world.connect({.name = "app"});
  protocol::FieldTableWriter headers;
  headers.int32("retries", 3);
  alice.declares("q").publishes(
      "q", Publication{.body = R"({"token":"t"})",
                       .properties = {.headers = headers.table(), .delivery_mode = 2, .type = "order"}});
  alice.consumes("q", "c").receives(R"({"token":"t"})");
  ledgers.advance(1s);
  const auto json = broker::json_of(ledgers.world.broker(), ledgers.ledger, ledgers.message(1));
  const auto number = alice.session().number();
  CHECK(json["message"] == 1);
  CHECK(json["scope"] == "/");
  CHECK(json["exchange"] == "");
  CHECK(json["routing_key"] == "q");
  CHECK(json["state"] == "unacked");
  CHECK(json["publisher"] == number);
  CHECK(json["publisher_name"] == "app");
  CHECK(json["queues"]
        == AwaitJson::parse(R"({"q":{"state":"unacked","since_ms":1000,"deliveries":1,"connection":)"
                            + std::to_string(number)
                            + R"(,"connection_name":"app","channel":1,"consumer":"c","delivery_tag":1}})"));
  CHECK(json["properties"] == AwaitJson::parse(R"({"delivery_mode":2,"type":"order"})"));
  CHECK(json["headers"] == AwaitJson::parse(R"({"retries":3})"));
  CHECK(json["body"] == R"({"token":"***"})");
  CHECK(json["body_bytes"] == 13);
  CHECK(json["text"] == "#1 q is in 'q', unacked for 1 s: consumer 'c' of 'app' has not acked it");
}

TEST_CASE("an outcome is an object in JSON") {
  LedgerWorld ledgers;
  auto alice = ledgers.world.connect();
  alice.publishes("q", "m");
  const auto json_of = [&](const char* json) {
    const auto awaited = ledgers.adds(parsed_await(json));
    ledgers.advance(5s);
    return broker::json_of(ledgers.world.broker(), ledgers.ledger, awaited.outcome());
  };
  const auto matched = json_of(R"({"message":{"routing_key":"q"}})")["matched"];
  CHECK(matched["count"] == 1);
  CHECK(matched["messages"].at(0)["message"] == 1);
  const auto timeout = json_of(R"({"message":{"routing_key":"r"}})");
  CHECK(timeout["error"] == "timeout");
  CHECK(timeout["reason"].get<std::string>().starts_with("no message for 'r' within 5 s."));
  CHECK(timeout["seen"].size() == 1);
  CHECK(timeout.contains("nearest"));
}

}  // namespace pocketmq::tests
