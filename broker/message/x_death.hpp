// The headers x-death and x-first-death-*, in which a dead letter records where and why it died, as RabbitMQ writes
// them.
//
// x-death is an array of tables, one for each pair of queue and reason, the latest first.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "broker/core/budget.hpp"
#include "broker/events/reasons.hpp"
#include "broker/message/message.hpp"

namespace pocketmq::broker {

/// Why a queue dead-lettered a message.
using DeathReason = event::Death;

struct Death {
  std::string_view queue;
  DeathReason reason;
  std::chrono::seconds since_epoch;
};

/// Whether a dead letter keeps the CC header, which holds further routing keys.
enum class CarbonCopies : std::uint8_t { keep, remove };

/// The encoded properties of the dead letter of `message`: the death is recorded and `expiration` is removed. If they
/// would be longer than `size_max_bytes`, the oldest earlier deaths are left out, and then the CC keys in the new
/// record. That is enough for a message that was published with at most `published_properties_max_bytes`. Headers and
/// deaths are charged to the budget, because a client may send very many.
[[nodiscard]] std::string properties_after(const Death& death, const Message& message, CarbonCopies copies,
                                           std::size_t size_max_bytes, Budget& budget);

/// The queues in which a dead letter has died since it was last rejected, as its x-death says. The broker does not
/// route it to these queues again, because that would be a cycle without any client in it. Holds views into the
/// properties. Reading them is charged to the budget.
class Cycle {
 public:
  Cycle(protocol::Properties properties, Budget& budget);

  [[nodiscard]] bool contains(std::string_view queue) const;

 private:
  std::vector<std::string_view> queues_;
};

}  // namespace pocketmq::broker
