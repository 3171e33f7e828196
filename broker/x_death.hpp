// The record that a dead letter carries of its deaths: headers x-death and x-first-death-*, as RabbitMQ writes them.
//
// x-death is an array of tables, one for each queue and reason, the latest first.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "broker/message.hpp"

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

/// The encoded properties of `message` after a death: the death is recorded, and `expiration` is gone.
[[nodiscard]] std::string properties_after(const Death& death, const Message& message, CarbonCopies copies);

/// Whether a dead letter with these properties comes back to a queue where it has died, and was rejected nowhere since:
/// then nothing but the broker keeps it going.
[[nodiscard]] bool comes_round_again(protocol::Properties properties, std::string_view queue);

}  // namespace pocketmq::broker
