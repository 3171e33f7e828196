// What tests control in one broker: its clock, scopes, ... The test kit in C++ and HTTP below /test stand on it.
#pragma once

#include "broker/control/clock_control.hpp"
#include "broker/control/restart.hpp"
#include "broker/control/scopes.hpp"

namespace pocketmq::broker {

class Broker;

/// Used on the broker's thread only. While there is a testbed, the broker's journal tells all that happens, which costs
/// about half a microsecond for a message.
class Testbed {
 public:
  /// `broker` outlives it.
  explicit Testbed(Broker& broker);
  Testbed(const Testbed&) = delete;
  Testbed& operator=(const Testbed&) = delete;

  [[nodiscard]] Broker& broker() { return broker_; }
  [[nodiscard]] ClockControl& clock() { return clock_; }
  [[nodiscard]] Scopes& scopes() { return scopes_; }
  [[nodiscard]] Restart& restart() { return restart_; }

 private:
  Broker& broker_;
  ClockControl clock_;
  Scopes scopes_;
  Restart restart_;
};

}  // namespace pocketmq::broker
