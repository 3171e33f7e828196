#include "tests/kit/scope.hpp"

#include <nlohmann/json.hpp>

#include "broker/control/test_message.hpp"
#include "broker/explain/explain.hpp"
#include "broker/request/request_body.hpp"
#include "broker/session/broker.hpp"
#include "tests/kit/tested_broker.hpp"

namespace pocketmq::testkit {

using broker::Testbed;

Scope::Scope(std::shared_ptr<TestedBroker> broker, std::string id) : broker_{std::move(broker)}, id_{std::move(id)} {}

Scope::~Scope() {
  if (!broker_) return;
  try {
    broker_->inspect([this](Testbed& testbed) { testbed.end_scope(id_, {}, [](const broker::ScopeReport&) {}); });
  } catch (const std::exception&) {  // a test has ended it by itself
  }
}

std::string Scope::url(protocol::Encoding encoding) const {
  const auto whole = broker_->embedded().url(encoding);
  const auto scheme_end = whole.find("//") + 2;
  return whole.substr(0, scheme_end) + id_ + ":" + id_ + whole.substr(whole.find('@')) + id_;
}

std::uint64_t Scope::fault(const CommandsMatcher& on, broker::fault::Action action) {
  return broker_->inspect([&](Testbed& testbed) { return testbed.faults().add(on.rule(id_, std::move(action))); });
}

void Scope::await(const broker::Condition& condition, std::chrono::nanoseconds within) {
  const auto outcome = broker_->wait<broker::AwaitOutcome>([&](Testbed& testbed, auto done) {
    testbed.awaits().add({.condition = condition, .scope = id_, .within = within}, std::move(done));
  });
  if (outcome.is != broker::AwaitOutcome::Is::holds) throw Failure{outcome.reason};
}

void Scope::expect(const MessageMatcher& messages) {
  const auto found = broker_->inspect([&](Testbed& testbed) {
    std::uint64_t count = 0;
    for (broker::MessageQuery query{.vhost = id_}; query.from != 0;) {
      const auto page = testbed.ledger().find(messages.match(), query);
      count += page.messages.size();
      query.from = page.next;
    }
    return count;
  });
  if (found == messages.count()) return;
  if (found < messages.count()) await(messages, {});  // its failure says what comes near
  throw Failure{std::to_string(found) + " messages" + messages.match().text() + ", not "
                + std::to_string(messages.count())};
}

void Scope::publish(const Publication& message) {
  broker_->inspect([&](Testbed& testbed) {
    nlohmann::ordered_json json{
        {"exchange", message.exchange}, {"routing_key", message.routing_key}, {"body", message.body}};
    json["properties"] = broker::json_of_body(message.properties);
    const auto& limits = testbed.broker().context().options().limits;
    (void)broker::publish(testbed.broker(), id_, broker::read_object(json, [&](broker::JsonObject& request) {
                            return broker::test_message_in(request, limits);
                          }));
  });
}

std::string Scope::explain(std::string_view exchange, std::string_view routing_key) {
  return broker_->inspect([&](Testbed& testbed) {
    auto& broker = testbed.broker();
    const broker::ExplainRequest request{.exchange = std::string{exchange}, .routing_key = std::string{routing_key}};
    return broker::text_of(broker::explain(*broker.find_virtual_host(id_), request, broker.context().budget()));
  });
}

std::string Scope::report() {
  const auto report = broker_->inspect([&](Testbed& testbed) { return testbed.report(id_); });
  return report.ok ? "" : report.text;
}

void Scope::close() {
  if (!broker_) return;
  constexpr std::chrono::seconds until_connections_have_gone{1};
  const auto broker = std::exchange(broker_, nullptr);
  const auto report = broker->wait<broker::ScopeReport>(
      [&](Testbed& testbed, auto done) { testbed.end_scope(id_, until_connections_have_gone, std::move(done)); });
  if (!report.ok) throw Failure{report.text};
}

}  // namespace pocketmq::testkit
