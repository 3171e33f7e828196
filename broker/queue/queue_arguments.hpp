// The arguments of queue.declare: which values are valid, and how two declarations are compared, as on RabbitMQ.
#pragma once

#include <string>
#include <string_view>

#include "broker/queue/queue_settings.hpp"
#include "protocol/vocabulary/field_table.hpp"

namespace pocketmq::broker {

/// An owned copy of a queue's arguments.
class QueueArguments {
 public:
  QueueArguments() = default;
  explicit QueueArguments(protocol::FieldTable given) : encoded_{given.encoded()} {}

  [[nodiscard]] protocol::FieldTable table() const { return protocol::FieldTable{encoded_}; }

 private:
  std::string encoded_;
};

/// Throws ChannelError 406 for an invalid value, for an argument of another queue type, and for a stream. Unknown
/// arguments are ignored. `queue` is how error texts name the queue: "queue 'q' in vhost '/'".
void check_arguments(protocol::FieldTable arguments, std::string_view queue);

/// Whether the arguments ask for a stream, which PocketMQ does not have.
[[nodiscard]] bool asks_for_stream(protocol::FieldTable arguments);

/// Throws ChannelError 406 if a new declaration differs. The text names the first argument whose value is not the
/// current one.
void require_equal_arguments(protocol::FieldTable current, protocol::FieldTable given, std::string_view queue);

/// The `x-priority` of basic.consume; 0 if it is not given. Throws ChannelError 406 for an invalid value of any
/// consumer argument, and for an argument that only consumers of another queue type have.
[[nodiscard]] std::int64_t consumer_priority(protocol::FieldTable arguments, QueueType type, std::string_view queue);

}  // namespace pocketmq::broker
