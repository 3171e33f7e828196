// What a scope has left behind and what happened there unseen.
#include "broker/account/scope_report.hpp"

#include <nlohmann/json.hpp>

#include "broker/request/control_error.hpp"
#include "tests/support/ledger_world.hpp"

namespace pocketmq::tests {
namespace {

using broker::Allowance;
using broker::FindingKind;
using broker::ScopeReport;
using ReportArguments = protocol::FieldTableWriter;

struct ReportWorld : LedgerWorld {
  [[nodiscard]] ScopeReport report(const Allowance& allowance = {}, const std::vector<std::string>& faults = {}) {
    return broker::report_on(world.broker(), ledger, "/", allowance, faults);
  }
  // Its kinds, without connections and consumers.
  [[nodiscard]] std::vector<FindingKind> kinds() {
    std::vector<FindingKind> kinds;
    for (const auto& finding :
         report(Allowance{}.allow(FindingKind::connections).allow(FindingKind::consumers)).findings)
      kinds.push_back(finding.kind);
    return kinds;
  }
};

using Kinds = std::vector<FindingKind>;

}  // namespace

TEST_CASE("a scope that has left nothing behind is ok") {
  ReportWorld scopes;
  auto alice = scopes.world.connect();
  alice.declares("q").publishes("q", "m").consumes("q").receives("m").acks("m").closes();
  const auto report = scopes.report();
  CHECK(report.ok);
  CHECK(report.findings.empty());
  CHECK(report.text == "scope '/': 1 message was published, and nothing was left behind");
  CHECK(broker::report_on(scopes.world.broker(), scopes.ledger, "unknown", {}, {}).ok);
}

TEST_CASE("a report names connections and consumers that are left") {
  ReportWorld scopes;
  auto alice = scopes.world.connect({.name = "app"});
  alice.declares("q").consumes("q", "c");
  scopes.advance(3s);
  const auto report = scopes.report();
  CHECK_FALSE(report.ok);
  CHECK(report.text
        == "scope '/': 0 messages were published, and this was left behind or happened unseen:\n"
           "  connection 'app' is still open, for 3 s\n"
           "  consumer 'c' of 'app' still consumes from 'q'\n"
           "What is meant to be so can be allowed: \"allow\": {\"connections\": [\"app\"]}");
  REQUIRE(report.findings.size() == 2);
  CHECK(report.findings[0].kind == FindingKind::connections);
  CHECK(report.findings[0].name == "app");
  CHECK(scopes.report(Allowance{}.allow(FindingKind::connections, "app").allow(FindingKind::consumers)).ok);
  CHECK_FALSE(scopes.report(Allowance{}.allow(FindingKind::connections, "b").allow(FindingKind::consumers)).ok);
}

TEST_CASE("a report names messages that are unacked and that are left in queues") {
  ReportWorld scopes;
  auto alice = scopes.world.connect();
  alice.declares("q").publishes("q", {"1", "2", "3"}).prefetches(1).consumes("q", "c").receives("1");
  scopes.advance(4900ms);
  const auto report = scopes.report(Allowance{}.allow(FindingKind::connections).allow(FindingKind::consumers));
  REQUIRE(report.findings.size() == 2);
  CHECK(report.findings[0].kind == FindingKind::unacked);
  CHECK(report.findings[0].name == "q");
  CHECK(report.findings[0].messages == std::vector<std::uint64_t>{1});
  CHECK(report.findings[0].text
        == "1 message was not acked in queue 'q'\n  #1 q is in 'q', unacked for 4.9 s: consumer 'c' has not acked it");
  CHECK(report.findings[1].kind == FindingKind::ready);
  CHECK(report.findings[1].count == 2);
  CHECK(
      report.findings[1].text.starts_with("2 messages are left in queue 'q'\n  #2 q is in 'q', ready for 4.9 s: its "
                                          "consumer 'c' holds 1 of prefetch 1 (#1, for 4.9 s)\n  #3 q"));
}

TEST_CASE("a report names open transactions") {
  ReportWorld scopes;
  auto alice = scopes.world.connect({.name = "app"});
  alice.declares("q").selects_tx().publishes("q", "m");
  const auto report = scopes.report(Allowance{}.allow(FindingKind::connections));
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings[0].kind == FindingKind::transactions);
  CHECK(report.findings[0].text
        == "a transaction with 1 message is not committed on channel 1 of 'app'\n"
           "  #1 q to the default exchange: in a transaction that is not committed, for 0 ms");
  CHECK(scopes.report(Allowance{}.allow(FindingKind::connections).allow(FindingKind::transactions, "app")).ok);
  alice.commits();
  CHECK(scopes.kinds() == Kinds{FindingKind::ready});
}

TEST_CASE("a report names publishes that are not confirmed") {
  namespace event = broker::event;
  LedgerWorld scopes{{.checks_state = false}};  // the publish is made up, because confirms are sent in the same turn
  auto alice = scopes.world.connect({.name = "app"});
  alice.selects_confirms();
  auto& journal = scopes.world.broker().journal();
  const auto number = alice.session().number();
  journal.tell(event::MessagePublished{
      .message = 99, .vhost = "/", .connection = number, .channel = 1, .publish = 1, .routing_key = "q"});
  const auto report = [&] {
    return broker::report_on(scopes.world.broker(), scopes.ledger, "/", Allowance{}.allow(FindingKind::connections),
                             {});
  };
  CHECK(report().findings.at(0).text
        == "1 publish was not confirmed on channel 1 of 'app'\n"
           "  #99 q to the default exchange: not routed yet, for 0 ms");
  CHECK(report().findings.at(0).kind == FindingKind::unconfirmed);
  journal.tell(event::PublishConfirmed{.connection = number, .channel = 1, .publish = 1});
  CHECK(report().ok);
}

TEST_CASE("a report tells what happened to messages unseen") {
  ReportWorld scopes;
  auto& world = scopes.world;
  auto alice = world.connect();
  Kinds expected;
  SECTION("unroutable") {
    alice.publishes("typo", "m");
    CHECK(scopes.report(Allowance{}.allow(FindingKind::connections)).findings.at(0).text
          == "1 message was dropped, because no queue was found: published to the default exchange\n"
             "  #1 typo to the default exchange: there is no queue 'typo', dropped");
    expected = {FindingKind::unroutable};
  }
  SECTION("returned") {
    alice.publishes("typo", Publication{.body = "m", .mandatory = true}).is_returned("m");
    expected = {FindingKind::returned};
  }
  SECTION("expired") {
    alice.declares("q").publishes("q", Publication{.body = "m", .properties = {.expiration = "0"}});
    expected = {FindingKind::expired};
  }
  SECTION("dropped") {
    const auto arguments = ReportArguments{}.int32("x-max-length", 1);
    alice.declares({.queue = "q", .arguments = arguments.table()}).publishes("q", {"1", "2"}).purges("q", 1);
    expected = {FindingKind::dropped};
  }
  SECTION("dead-lettered") {
    const auto arguments =
        ReportArguments{}.string("x-dead-letter-exchange", "").string("x-dead-letter-routing-key", "dead");
    alice.declares({.queue = "q", .arguments = arguments.table()}).declares("dead").publishes("q", "m");
    alice.consumes("q").receives("m").rejects("m").purges("dead", 1);
    expected = {FindingKind::dead_lettered};
  }
  SECTION("dead-lettered to nowhere") {
    const auto arguments = ReportArguments{}.string("x-dead-letter-exchange", "missing");
    alice.declares({.queue = "q", .arguments = arguments.table()}).publishes("q", "m");
    alice.consumes("q").receives("m").rejects("m");
    expected = {FindingKind::dropped};
  }
  SECTION("perhaps lost with a consumer that does not ack") {
    auto bob = world.connect();
    alice.declares("q");
    bob.consumes({.queue = "q", .consumer_tag = "c", .no_ack = true});
    alice.publishes("q", "m");
    bob.receives("m").vanishes();
    expected = {FindingKind::lost};
  }
  CHECK(scopes.kinds() == expected);
  CHECK(scopes.report(Allowance{}.allow(FindingKind::connections).allow(FindingKind::consumers).allow(expected.at(0)))
            .ok);
}

TEST_CASE("what a client throws away on purpose is no finding") {
  ReportWorld scopes;
  auto alice = scopes.world.connect();
  SECTION("by a purge") { alice.declares("q").publishes("q", "m").purges("q", 1); }
  SECTION("by deleting the queue") { alice.declares("q").publishes("q", "m").deletes("q", 1); }
  SECTION("by a rollback") { alice.declares("q").selects_tx().publishes("q", "m").rolls_back(); }
  CHECK(scopes.kinds().empty());
}

TEST_CASE("messages that go with an exclusive queue are a finding") {
  ReportWorld scopes;
  auto alice = scopes.world.connect();
  alice.declares({.queue = "q", .exclusive = true}).publishes("q", "m").closes();
  CHECK(scopes.kinds() == Kinds{FindingKind::dropped});
}

TEST_CASE("a fault that never fired is a finding") {
  ReportWorld scopes;
  const auto report = scopes.report({}, {"nack the second"});
  CHECK_FALSE(report.ok);
  CHECK(report.findings.at(0).kind == FindingKind::unfired_fault);
  CHECK(report.findings[0].text == "fault 'nack the second' never fired: nothing matched what it waits for");
  CHECK(scopes.report(Allowance{}.allow(FindingKind::unfired_fault, "nack the second"), {"nack the second"}).ok);
}

TEST_CASE("a report of very many messages and queues is short") {
  ReportWorld scopes;
  auto alice = scopes.world.connect();
  for (int i = 0; i < 150; ++i) {
    const auto queue = "q" + std::to_string(i);
    alice.declares(queue).publishes(queue, "m");
  }
  for (int i = 0; i < 50; ++i) alice.publishes("q0", "m");
  const auto report = scopes.report();
  CHECK(report.findings.size() == ScopeReport::findings_max);
  CHECK(report.findings_left_out == 51);
  CHECK(report.text.find("and 51 more findings") != report.text.npos);
  const auto many = scopes.report(Allowance{}.allow(FindingKind::connections)).findings.at(0);
  CHECK(many.count == 51);
  CHECK(many.text.ends_with("\n  and 46 more"));
}

TEST_CASE("an allowance is read from JSON") {
  using nlohmann::ordered_json;
  const auto allowance = broker::allowance_of(
      ordered_json::parse(R"({"ready":["dead","other"],"connections":true,"consumers":false,"unroutable":[""]})"));
  CHECK(allowance.allows(FindingKind::ready, "dead"));
  CHECK_FALSE(allowance.allows(FindingKind::ready, "q"));
  CHECK(allowance.allows(FindingKind::connections, "anybody"));
  CHECK_FALSE(allowance.allows(FindingKind::consumers, "anybody"));
  CHECK(allowance.allows(FindingKind::unroutable, ""));
  const auto refusal = [](const char* json) {
    try {
      (void)broker::allowance_of(ordered_json::parse(json));
    } catch (const broker::ControlError& error) {
      CHECK(error.kind() == broker::ControlError::Kind::bad);
      return std::string{error.what()};
    }
    return std::string{};
  };
  CHECK(refusal(R"({"redy":true})")
        == "allow: a report has no findings of kind 'redy'; the kinds are connections, consumers, unconfirmed, "
           "transactions, unacked, ready, unroutable, returned, expired, dropped, dead_lettered, lost, unfired_fault");
  CHECK(refusal(R"({"ready":"dead"})")
        == R"(allow: ready: wants true, or a list of names such as ["dead"]; got a string)");
  CHECK(refusal("[]") == R"(allow: wants an object, such as {"ready": ["dead"], "connections": true}; got an array)");
}

TEST_CASE("a report is an object in JSON") {
  ReportWorld scopes;
  auto alice = scopes.world.connect();
  alice.publishes("typo", "m").closes();
  const auto json = broker::json_of(scopes.report());
  CHECK(json["ok"] == false);
  CHECK(json["findings"].at(0)["kind"] == "unroutable");
  CHECK(json["findings"].at(0)["name"] == "");
  CHECK(json["findings"].at(0)["count"] == 1);
  CHECK(json["findings"].at(0)["messages"] == nlohmann::ordered_json::parse("[1]"));
}

}  // namespace pocketmq::tests
