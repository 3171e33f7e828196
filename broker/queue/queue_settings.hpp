// What a queue does: its arguments and a policy, read once into plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "protocol/vocabulary/field_table.hpp"

namespace pocketmq::broker {

/// One queue serves both; the type chooses between RabbitMQ's rules where they differ.
enum class QueueType : std::uint8_t { classic, quorum };

/// What a full queue does: drops its first message, or refuses the new one and perhaps dead-letters it.
enum class Overflow : std::uint8_t { drop_head, reject_publish, reject_publish_dlx };

/// The settings in force for one queue. What is not set has no limit and no effect.
struct QueueSettings {
  QueueType type{QueueType::classic};
  std::optional<std::chrono::milliseconds> message_ttl{};
  std::optional<std::chrono::milliseconds> expires{};  // how long it may be unused
  std::optional<std::uint64_t> max_length{};           // ready messages
  std::optional<std::uint64_t> max_length_bytes{};     // of their bodies
  Overflow overflow{Overflow::drop_head};
  std::optional<std::string> dead_letter_exchange{};
  std::optional<std::string> dead_letter_routing_key{};  // otherwise a dead letter keeps its own
  std::uint8_t max_priority{0};                          // 0: messages have no priorities
  bool single_active_consumer{false};
  std::optional<std::int64_t> delivery_limit{};  // how often a message may come back
  std::optional<std::chrono::milliseconds> consumer_timeout{};
};

/// The type that valid arguments name: classic, where they name none.
[[nodiscard]] QueueType queue_type(protocol::FieldTable arguments);

/// Reads arguments that are valid (see `check_arguments`) and a policy: a table of RabbitMQ's policy keys
/// ("message-ttl", "max-length", ...). Where both set a number the lesser is in force, where both set a text the
/// argument's.
[[nodiscard]] QueueSettings settings_from(protocol::FieldTable arguments, protocol::FieldTable policy = {});

}  // namespace pocketmq::broker
