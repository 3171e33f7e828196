// The record that a dead letter carries of its deaths: headers x-death and x-first-death-*, as RabbitMQ writes them.
//
// x-death is an array of tables, one for each queue and reason, the latest first.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "broker/core/budget.hpp"
#include "broker/message/message.hpp"

namespace pocketmq::broker {

/// Why a queue gave a message up.
enum class DeathReason : std::uint8_t { rejected, expired, maxlen, delivery_limit };

/// The reason as x-death says it.
[[nodiscard]] std::string_view name_of(DeathReason reason);

struct Death {
  std::string_view queue;
  DeathReason reason;
  std::chrono::seconds since_epoch;
};

/// Whether the CC header, which routes a message to further keys, goes on with a dead letter.
enum class CarbonCopies : std::uint8_t { keep, remove };

/// The encoded properties of `message` after a death: the death is recorded, and `expiration` is gone. Where they would
/// be longer than `size_max_bytes`, the oldest of the earlier deaths are left out, and the routing keys of CC in the
/// record of this one. That is enough if the message was published with `published_properties_max_bytes` at most.
/// Headers and deaths may be as many as a client likes: they are charged to the budget.
[[nodiscard]] std::string properties_after(const Death& death, const Message& message, CarbonCopies copies,
                                           std::size_t size_max_bytes, Budget& budget);

/// The queues in which a dead letter has died, as far as its x-death tells, since it was last rejected. It does not go
/// to them again: nothing but the broker would keep it going. Views into the properties. Reading them is charged to the
/// budget.
class Cycle {
 public:
  Cycle(protocol::Properties properties, Budget& budget);

  [[nodiscard]] bool contains(std::string_view queue) const;

 private:
  std::vector<std::string_view> queues_;
};

}  // namespace pocketmq::broker
