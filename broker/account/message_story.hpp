// Says in a few lines where a message is or how it ended, for people.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "broker/account/ledger.hpp"

namespace pocketmq::broker {

class Broker;

class MessageStories {
 public:
  /// Both outlive it.
  MessageStories(Broker& broker, const Ledger& ledger) : broker_{broker}, ledger_{ledger} {}

  /// "#8 orders.paid is in 'mail', ready for 4.8 s: its consumer 'worker' holds 1 of prefetch 1 (#5, for 4.9 s)". A
  /// message that was in many queues has the first ones only.
  [[nodiscard]] std::string of(const LedgerMessage& message) const;
  /// "#8 orders.paid", or "#9 orders.paid (dead letter of #8)".
  [[nodiscard]] static std::string name_of(const LedgerMessage& message);
  /// "exchange 'orders' (topic)", or "the default exchange".
  [[nodiscard]] std::string exchange_of(const LedgerMessage& message) const;
  /// Who gets what is ready in the queue, and why they do not take it: "its consumer 'worker' holds 1 of prefetch 1
  /// (#5, for 4.9 s)", or "the queue has no consumer".
  [[nodiscard]] std::string consumers_of(const LedgerScope& scope, const std::string& queue) const;
  /// "consumer 'worker' of 'app'", or "client 'app'" for a basic.get.
  [[nodiscard]] std::string who(const Actor& client, std::string_view consumer) const;

 private:
  [[nodiscard]] std::string place(const LedgerMessage& message, const std::string& queue,
                                  const LedgerPlace& place) const;
  [[nodiscard]] std::string consumer(const LedgerScope& scope, const std::string& queue,
                                     const class Consumer& consumer) const;
  [[nodiscard]] std::string held(const LedgerScope& scope, const std::string& queue,
                                 const class Consumer& consumer) const;
  [[nodiscard]] std::string without_queue(const LedgerMessage& message) const;
  [[nodiscard]] std::string ago(const Moment& moment) const;

  Broker& broker_;
  const Ledger& ledger_;
};

/// Why a message was dropped, as the end of a sentence: "the queue was full".
[[nodiscard]] std::string_view text_of(event::Dropped reason);
/// Why a message was dead-lettered: "rejected", "expired", "the queue was full", "it was requeued too often".
[[nodiscard]] std::string_view text_of(event::Death reason);

}  // namespace pocketmq::broker
