// Rules as JSON: what they say, and what is told to whoever writes one that makes no sense.
#include "broker/control/fault_rule_json.hpp"
#include "broker/control/method_facts.hpp"
#include "broker/request/control_error.hpp"
#include "broker/request/request_body.hpp"
#include "protocol/vocabulary/method.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

namespace rules = broker::fault;

broker::FaultRule rule_of(std::string_view json) { return broker::fault_rule_of(broker::json_of_body(json)); }

std::string why_not(std::string_view json) {
  try {
    (void)rule_of(json);
  } catch (const broker::ControlError& error) {
    CHECK(error.kind() == broker::ControlError::Kind::bad);
    return error.what();
  }
  return "";
}

template <class A> A action_of(const std::string& action, const std::string& on = R"({"method": "basic.publish"})") {
  return std::get<A>(rule_of(R"({"on": )" + on + R"(, "do": )" + action + "}").act);
}

}  // namespace

TEST_CASE("a rule as JSON") {
  const auto rule = rule_of(R"({"scope": "retry-1", "name": "n", "nth": 2, "do": {"nack": true},
      "on": {"method": "basic.publish", "direction": "to_broker", "connection": {"matches": "^w"}, "exchange": "",
             "routing_key": "k", "body": {"matches": "x"}}})");
  CHECK(rule.scope == "retry-1");
  CHECK(rule.name == "n");
  CHECK(std::get<rules::Nth>(rule.when).number == 2);
  CHECK(std::holds_alternative<rules::Nack>(rule.act));
  CHECK(rule.on.method == "basic.publish");
  CHECK(rule.on.direction == rules::Direction::to_broker);
  CHECK(rule.on.connection->matches("worker"));
  CHECK(*rule.on.exchange->exact() == "");
  CHECK(rule.on.routing_key->matches("k"));
  CHECK(!rule.on.routing_key->matches("key"));
  CHECK(rule.on.body->matches("a x b"));
}

TEST_CASE("a rule has a name and a direction without being given them") {
  const auto rule = rule_of(R"({"on": {"method": "basic.deliver", "connection": 7}, "do": {"cancel": true}})");
  CHECK(rule.name == "cancel of basic.deliver");
  CHECK(rule.on.direction == rules::Direction::to_client);
  CHECK(rule.on.connection_number == 7);
  CHECK(std::holds_alternative<rules::Each>(rule.when));
  CHECK(!rule.scope);
}

TEST_CASE("each action as JSON") {
  CHECK(action_of<rules::Return>(R"({"return": true})").code == 312);
  CHECK(action_of<rules::Return>(R"({"return": {"code": 313, "text": "NO_CONSUMERS"}})").text == "NO_CONSUMERS");
  CHECK(action_of<rules::CloseChannel>(R"({"close_channel": {"code": 404}})").code == 404);
  CHECK(action_of<rules::CloseConnection>(R"({"close_connection": {"code": 320, "text": "t"}})").text == "t");
  CHECK(std::holds_alternative<rules::CutOff::Before>(action_of<rules::CutOff>(R"({"cut": true})").at));
  const auto cut = action_of<rules::CutOff>(R"({"cut": {"at": 17, "how": "reset"}})");
  CHECK(std::get<rules::CutOff::Bytes>(cut.at).count == 17);
  CHECK(cut.how == broker::Cut::reset);
  CHECK(action_of<rules::CutOff>(R"({"cut": {"at": "after", "how": "freeze"}})").how == broker::Cut::freeze);
  CHECK(!action_of<rules::Block>(R"({"block": true})").time);
  CHECK(action_of<rules::Block>(R"({"block": "2s"})").time == std::chrono::seconds{2});
  (void)action_of<rules::Unblock>(R"({"unblock": true})");
  CHECK(action_of<rules::Refuse>(R"({"refuse": true})", R"({"method": "queue.declare"})").code == 406);
  CHECK(action_of<rules::Delay>(R"({"delay": "200ms"})").time == std::chrono::milliseconds{200});
  (void)action_of<rules::Redeliver>(R"({"redeliver": true})", R"({"method": "basic.deliver"})");
  (void)action_of<rules::Full>(R"({"full": true})");
  (void)action_of<rules::Restart>(R"({"restart": true})");
  (void)action_of<rules::Drop>(R"({"drop": true}, "unlawful": true)");
  (void)action_of<rules::Duplicate>(R"({"duplicate": true}, "unlawful": true)");
  (void)action_of<rules::Reorder>(R"({"reorder": true}, "unlawful": true)");
}

TEST_CASE("a rule that makes no sense is refused with what to write instead") {
  const auto refused = [](std::string_view json, std::string_view why) {
    INFO(json);
    CHECK_THAT(why_not(json), Catch::Contains(std::string{why}));
  };
  refused(R"({"do": {"nack": true}})", "on: is missing");
  refused(R"({"on": {"method": "basic.publish"}})", "do: is missing");
  refused(R"({"on": {"method": "basic.publish"}, "do": {}})", "do: wants one of nack, return");
  refused(R"({"on": {"method": "basic.publish"}, "do": {"nack": true, "full": true}})", "write one rule for each");
  refused(R"({"on": {"method": "publish"}, "do": {"nack": true}})", "there is no method 'publish'");
  refused(R"({"on": {"method": "basic.publish", "key": "k"}, "do": {"nack": true}})", "key");
  refused(R"({"on": {"method": "basic.publish", "queue": "q"}, "do": {"nack": true}})",
          "on.queue: basic.publish has none");
  refused(R"({"on": {"method": "basic.ack"}, "do": {"cut": true}})", "basic.ack goes both ways");
  refused(R"({"on": {"method": "basic.publish", "direction": "to_client"}, "do": {"nack": true}})",
          "only goes to the broker");
  refused(R"({"on": {"method": "basic.publish", "direction": "in"}, "do": {"nack": true}})", "to_broker");
  refused(R"({"on": {"method": "basic.publish"}, "nth": 1, "every": 2, "do": {"nack": true}})", "only one of nth");
  refused(R"({"on": {"method": "basic.publish"}, "chance": 2, "do": {"nack": true}})", "from 0 to 1");
  refused(R"({"on": {"method": "basic.get"}, "do": {"nack": true}})", "does not fit basic.get");
  refused(R"({"on": {"method": "basic.get"}, "do": {"nack": 1}})", "wants true");
  refused(R"({"on": {"method": "basic.publish"}, "do": {"close_channel": true}})", "wants an object");
  refused(R"({"on": {"method": "basic.publish"}, "do": {"close_channel": {"code": 320}}})", "write one of");
  refused(R"({"on": {"method": "connection.open"}, "do": {"close_channel": {"code": 404}}})", "has no open channel");
  refused(R"({"on": {"method": "basic.qos"}, "do": {"refuse": true}})", "names no queue or exchange");
  refused(R"({"on": {"method": "basic.publish"}, "do": {"cut": {"at": "later"}}})", "a number of bytes");
  refused(R"({"on": {"method": "basic.publish"}, "do": {"delay": 2}})", "wants a duration");
  refused(R"({"on": {"method": "basic.publish"}, "do": {"delay": "0s"}})", "longer than 0");
  refused(R"({"on": {"method": "connection.tune-ok"}, "do": {"block": true}})", "before the connection is open");
  refused(R"({"scope": "s", "on": {"method": "connection.start-ok"}, "do": {"cut": true}})", "scope: ");
  refused(R"({"on": {"method": "basic.publish"}, "do": {"reorder": true}})", "unlawful");
}

TEST_CASE("each method of AMQP goes at least one way") {
  protocol::for_each_method([]<class M>() {
    const auto ways = broker::ways_of(M::id.name);
    INFO(M::id.name);
    CHECK((ways.to_broker || ways.to_client));
  });
  CHECK(!broker::ways_of("basic.return").to_broker);
  CHECK(!broker::ways_of("connection.tune-ok").to_client);
}

}  // namespace pocketmq::tests
