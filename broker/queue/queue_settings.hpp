// A queue's settings: its arguments and its policy, decoded once into plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "protocol/vocabulary/field_table.hpp"

namespace pocketmq::broker {

/// Both types are one class. Where RabbitMQ's rules differ, the type decides which apply.
enum class QueueType : std::uint8_t { classic, quorum };

/// What a full queue does: it drops its first message, or refuses the new one, or refuses and dead-letters the new one.
enum class Overflow : std::uint8_t { drop_head, reject_publish, reject_publish_dlx };

/// The settings in force for a queue. A setting without a value has no limit and no effect.
struct QueueSettings {
  QueueType type{QueueType::classic};
  std::optional<std::chrono::milliseconds> message_ttl{};
  std::optional<std::chrono::milliseconds> expires{};  // how long it may be unused
  std::optional<std::uint64_t> max_length{};           // ready messages
  std::optional<std::uint64_t> max_length_bytes{};     // of the ready messages' bodies
  Overflow overflow{Overflow::drop_head};
  std::optional<std::string> dead_letter_exchange{};
  std::optional<std::string> dead_letter_routing_key{};  // if empty, a dead letter keeps its routing key
  std::uint8_t max_priority{0};                          // 0: messages have no priorities
  bool single_active_consumer{false};
  std::optional<std::int64_t> delivery_limit{};  // how often a message may be requeued
  std::optional<std::chrono::milliseconds> consumer_timeout{};
};

/// The queue type that valid arguments name; classic if they name none.
[[nodiscard]] QueueType queue_type(protocol::FieldTable arguments);

/// Decodes valid arguments (see `check_arguments`) and a policy, which is a table of RabbitMQ's policy keys
/// ("message-ttl", "max-length", ...). If both set a number, the lower one is in force; if both set a text, the
/// argument's.
[[nodiscard]] QueueSettings settings_from(protocol::FieldTable arguments, protocol::FieldTable policy = {});

}  // namespace pocketmq::broker
