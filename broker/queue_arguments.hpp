// The arguments of queue.declare: which values are valid, and how two declarations are compared, as on RabbitMQ.
#pragma once

#include <string>
#include <string_view>

#include "protocol/field_table.hpp"

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

/// Throws ChannelError 406 for a value that is not valid or an argument that is another queue type's, and
/// ConnectionError 540 for a stream. Unknown arguments are ignored. `queue` is how texts name the queue: "queue 'q' in
/// vhost '/'".
void check_arguments(protocol::FieldTable arguments, std::string_view queue);

/// Throws as `check_arguments`, for `x-queue-type` alone, which is looked at before anything else.
void check_queue_type(protocol::FieldTable arguments, std::string_view queue);

/// Throws ChannelError 406 that names the first argument whose value in a new declaration is not the current one.
void require_equal_arguments(protocol::FieldTable current, protocol::FieldTable given, std::string_view queue);

/// `x-priority` of basic.consume, 0 where it is not given; the consumer's other arguments are checked too. Throws
/// ChannelError 406.
[[nodiscard]] std::int64_t consumer_priority(protocol::FieldTable arguments, std::string_view queue);

}  // namespace pocketmq::broker
