// Messages that a test publishes without a client.
#include "broker/control/test_message.hpp"

#include <nlohmann/json.hpp>

#include "broker/request/request_body.hpp"
#include "broker/session/broker.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using broker::ControlError;
using broker::TestMessage;
using MessageJson = nlohmann::ordered_json;

TestMessage message_of(const std::string& json) {
  return broker::read_object(MessageJson::parse(json), [](broker::JsonObject& request) {
    return broker::test_message_in(request, protocol::Limits{});
  });
}

ControlError::Kind kind_of_refusal(World& world, std::string_view virtual_host, const TestMessage& message) {
  try {
    (void)broker::publish(world.broker(), virtual_host, message);
  } catch (const ControlError& error) {
    return error.kind();
  }
  throw std::logic_error{"it was published"};
}

}  // namespace

TEST_CASE("a test's message goes where a client's would go") {
  World world;
  const auto bob = world.connect();
  bob.declares("mail").declares("log").declares_exchange("news", "fanout").binds("mail", "news").binds("log", "news");
  bob.consumes("mail");
  const auto published = broker::publish(world.broker(), "/", message_of(R"({"exchange": "news", "body": "hello"})"));
  world.settle();
  CHECK(published.queues.size() == 2);
  bob.receives("hello");
  bob.finds("log", {.messages = 1});
}

TEST_CASE("a test's message has properties and headers as in a JSON frame") {
  World world;
  const auto bob = world.connect();
  bob.declares("mail");
  (void)broker::publish(world.broker(), "/", message_of(R"({"routing_key": "mail", "json": {"id": 7},
      "properties": {"correlation_id": "c", "priority": 3}, "headers": {"tier": "gold", "BCC": ["hidden"]}})"));
  world.settle();
  const auto& ready = world.queue("mail").ready_messages();
  ready.for_each([](const broker::Message& message) {
    CHECK(message.body() == R"({"id":7})");
    CHECK(message.properties().find<&BasicProperties::content_type>() == "application/json");
    CHECK(message.properties().find<&BasicProperties::correlation_id>() == "c");
    CHECK(message.properties().headers()->encoded().find("gold") != std::string_view::npos);
    CHECK(message.properties().headers()->encoded().find("hidden") == std::string_view::npos);
    return true;
  });
  CHECK(ready.size() == 1);
}

TEST_CASE("a test's message to no queue is dropped and is told to the journal") {
  World world;
  world.broker().journal().keep_last(100'000);
  const auto from = world.broker().journal().last_number() + 1;
  const auto published = broker::publish(world.broker(), "/", message_of(R"({"routing_key": "nowhere", "body": ""})"));
  world.settle();
  CHECK(published.queues.empty());
  std::vector<std::string_view> kinds;
  (void)world.broker().journal().read(from, 10,
                                      [&](const broker::Entry& entry) { kinds.push_back(entry.kind().name); });
  CHECK(kinds == std::vector<std::string_view>{"message.published", "message.unroutable", "message.dropped"});
}

TEST_CASE("a test's message that cannot be published is refused with the reason") {
  World world{Encoding::amqp};
  CHECK_THROWS_WITH(message_of(R"({"body": "a"})"), "routing_key: is missing");
  CHECK_THROWS_WITH(message_of(R"({"routing_key": "q"})"), "body: is missing");
  CHECK_THROWS_WITH(message_of(R"({"routing_key": "q", "body": "a", "json": 1})"),
                    "json: is a body too; write either 'body' or 'json'");
  CHECK_THROWS_WITH(message_of(R"({"routing_key": "q", "body": "a", "properties": {"prio": 1}})"),
                    Catch::StartsWith("properties: unknown property 'prio'; there are "));
  CHECK_THROWS_WITH(message_of(R"({"routing_key": "q", "body": "a", "properties": {"headers": {}}, "headers": {}})"),
                    "headers: is also in 'properties'; write the headers once");
  CHECK(kind_of_refusal(world, "nowhere", {.routing_key = "q"}) == ControlError::Kind::unknown);
  CHECK(kind_of_refusal(world, "/", {.exchange = "news"}) == ControlError::Kind::unknown);
  CHECK(
      kind_of_refusal(world, "/", message_of(R"({"routing_key": "q", "body": "", "properties": {"expiration": "1s"}})"))
      == ControlError::Kind::bad);
}

}  // namespace pocketmq::tests
