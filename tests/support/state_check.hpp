// Compares what the journal's events add up to with what is in the broker.
#pragma once

#include <string>

#include "broker/journal/journal_state.hpp"
#include "broker/session/broker.hpp"

namespace pocketmq::tests {

/// Subscribes to the journal from the broker's first event on. The broker must be made with
/// `journal_bytes = StateCheck::ring_bytes`. The constructor reads the kept events, and then has the journal keep none.
class StateCheck {
 public:
  /// Enough for what a broker tells while it is made.
  static constexpr std::size_t ring_bytes = 1'000'000;

  explicit StateCheck(broker::Broker& broker);

  /// What the events add up to, as JSON.
  [[nodiscard]] std::string told() const { return to_json(state_.snapshot()); }
  /// What is in the broker, as JSON.
  [[nodiscard]] std::string seen() const;
  [[nodiscard]] const broker::JournalState& state() const { return state_; }

 private:
  broker::Broker& broker_;
  broker::JournalState state_;
  broker::Subscription subscription_;
};

}  // namespace pocketmq::tests
