// Everything that tests control in one broker. The test kit in C++ and over HTTP stands on it.
#pragma once

#include <chrono>
#include <functional>
#include <string_view>

#include "broker/account/awaits.hpp"
#include "broker/account/ledger.hpp"
#include "broker/account/scope_report.hpp"
#include "broker/control/clock_control.hpp"
#include "broker/control/faults.hpp"
#include "broker/control/pause.hpp"
#include "broker/control/restart.hpp"
#include "broker/control/scopes.hpp"

namespace pocketmq::broker {

class Broker;

/// Used on the broker's thread only. While there is a testbed, the journal tells it all that happens.
class Testbed {
 public:
  /// `broker` outlives it. Make it before clients connect: it knows nothing of what was before.
  explicit Testbed(Broker& broker);
  Testbed(const Testbed&) = delete;
  Testbed& operator=(const Testbed&) = delete;

  [[nodiscard]] Broker& broker() { return broker_; }
  [[nodiscard]] ClockControl& clock() { return clock_; }
  [[nodiscard]] Ledger& ledger() { return ledger_; }
  [[nodiscard]] Awaits& awaits() { return awaits_; }
  [[nodiscard]] Restart& restart() { return restart_; }
  [[nodiscard]] Faults& faults() { return faults_; }
  [[nodiscard]] Pause& pause() { return pause_; }
  [[nodiscard]] Scopes& scopes() { return scopes_; }

  /// What the scope has left behind so far. Throws ControlError of kind `unknown` if there is no such scope.
  [[nodiscard]] ScopeReport report(std::string_view scope) const;
  /// Ends the scope. First it waits until the scope's connections have gone, but no longer than `within`, in real time:
  /// a client that has just closed its connection may be ahead of the broker. Then it makes the report, removes the
  /// scope with its faults, and calls `done`, in a later turn. Throws ControlError of kind `unknown` if there is no
  /// such scope.
  void end_scope(std::string_view scope, std::chrono::nanoseconds within, std::function<void(const ScopeReport&)> done);

 private:
  void remove_scope(const std::string& scope, const std::function<void(const ScopeReport&)>& done);

  Broker& broker_;
  ClockControl clock_;
  Ledger ledger_;
  Awaits awaits_;
  Restart restart_;
  Faults faults_;
  Pause pause_;
  Scopes scopes_;
};

}  // namespace pocketmq::broker
