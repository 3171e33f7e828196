// One simulation: callers, servers and a broker, what they do, and what goes wrong, all of it chosen by a seed.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "tests/simulation/ledger.hpp"
#include "tests/simulation/lossy_network.hpp"
#include "tests/simulation/processes.hpp"

namespace pocketmq::simulation {

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed);

  /// From the beginning to the end.
  void run();
  /// What was promised and not kept, and all that happened.
  [[nodiscard]] const Ledger& ledger() const { return ledger_; }

 private:
  [[nodiscard]] WireEvents wire_events();
  [[nodiscard]] Fate fate_of(const tests::Received& command);
  [[nodiscard]] client::RpcSettings some_settings();
  void start_server(std::size_t place);
  void replace_server(std::size_t place);
  void plan_call();
  void plan_fault();
  void fault();
  void end_of_faults();
  void check_that_all_heals();
  void check_that_nothing_is_left();
  void close();

  Dice dice_;
  const bool is_calm_;
  Ledger ledger_;
  LossyNetwork network_;
  std::vector<std::unique_ptr<Caller>> callers_;
  std::vector<std::shared_ptr<Server>> servers_;  // null while one is down
  std::vector<std::shared_ptr<Server>> leaving_;  // stopped
  int processes_{0};
  std::uint64_t replies_hit_one_in_{0};  // 0: none
  bool loses_replies_{false};
};

}  // namespace pocketmq::simulation
