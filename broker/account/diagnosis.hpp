// Says why a condition does not hold: what was published, where each message is and since when, who holds what, and
// what may have been meant instead.
//
//     no message for 'orders.paid' within 5 s. 3 were published in this scope:
//       #7 orders.created to exchange 'orders' (topic): no binding matched, dropped
//          nearest: 'order.*' -> queue 'billing': word 1 is 'orders', not 'order'
//       #8 orders.paid is in 'mail', ready for 4.8 s: its consumer 'worker' holds 1 of prefetch 1 (#5, for 4.9 s)
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "broker/account/await_outcome.hpp"
#include "broker/account/condition.hpp"
#include "broker/account/ledger.hpp"

namespace pocketmq::broker {

class Broker;

struct DiagnosisBounds {
  static constexpr std::size_t messages{20};      // and connections and so on, that are shown; the others are counted
  static constexpr std::size_t looked_at{1'000};  // messages, of those that come no closer than others
  static constexpr std::size_t counted{5'000};    // messages; of more, those in several queues are counted for each
  static constexpr std::size_t explained{3};      // messages for which near misses are looked for
  static constexpr std::size_t nearest{5};
};

/// An await whose condition does not hold.
struct Diagnosed {
  const Await& await;
  std::uint64_t first_message{1};     // the first one that counts
  std::uint64_t published_before{0};  // how many messages do not count
  std::uint64_t matched{0};           // how many messages match
  std::vector<std::uint64_t> near{};  // the first messages that are right, but not in the right queue or state
};

/// The outcome of an await that has timed out or, if `never` says why, can no longer hold.
[[nodiscard]] AwaitOutcome diagnose(Broker& broker, const Ledger& ledger, const Diagnosed& diagnosed,
                                    const std::string& never);

}  // namespace pocketmq::broker
