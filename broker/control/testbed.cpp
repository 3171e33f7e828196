#include "broker/control/testbed.hpp"

#include <string>
#include <utility>
#include <vector>

#include "broker/session/broker.hpp"

namespace pocketmq::broker {

Testbed::Testbed(Broker& broker)
    : broker_{broker},
      clock_{broker.context()},
      ledger_{broker},
      awaits_{broker, ledger_},
      restart_{broker},
      faults_{broker},
      pause_{broker},
      scopes_{broker} {
  faults_.on_restart([this] { restart_.restart({}, [](const Restart::Result&) {}); });
  faults_.on_freeze([this](std::uint64_t connection) { ledger_.freeze(connection); });
}

ScopeReport Testbed::report(std::string_view scope) const {
  const auto& asked = scopes_.require(scope);
  std::vector<std::string> unfired;
  for (auto& fault : faults_.unfired(asked.id)) unfired.push_back(std::move(fault.name));
  return report_on(broker_, ledger_, asked.id, asked.allowance, unfired);
}

void Testbed::end_scope(std::string_view scope, std::chrono::nanoseconds within,
                        std::function<void(const ScopeReport&)> done) {
  auto id = scopes_.require(scope).id;
  pause_.resume(id);
  Await connections{.condition = ConnectionsCondition{}, .scope = id, .within = within};
  awaits_.add(std::move(connections), [this, id = std::move(id), done = std::move(done)](const AwaitOutcome&) {
    if (scopes_.all().contains(id)) remove_scope(id, done);
  });
}

void Testbed::remove_scope(const std::string& scope, const std::function<void(const ScopeReport&)>& done) {
  auto report = this->report(scope);
  faults_.remove_all(scope);
  scopes_.remove(scope, [this, scope, report = std::move(report), done] {
    ledger_.forget(scope);
    done(report);
  });
}

}  // namespace pocketmq::broker
