// The arguments of queue.declare that mean something, checked, and compared as RabbitMQ compares them.
#pragma once

#include <optional>
#include <string>

#include "protocol/field_table.hpp"

namespace pocketmq::broker {

/// An owned copy of a queue's arguments.
class QueueArguments {
 public:
  QueueArguments() = default;
  explicit QueueArguments(protocol::FieldTable given) : encoded_{given.encoded()} {}

  [[nodiscard]] protocol::FieldTable table() const { return protocol::FieldTable{encoded_}; }
  /// `x-queue-type`, "classic" where it is not given.
  [[nodiscard]] std::string_view queue_type() const;

 private:
  std::string encoded_;
};

/// Throws ChannelError 406 for a value that is not valid in a declaration with these fields, and ConnectionError 540
/// for an argument that RabbitMQ has and we do not. `queue` is how texts name the queue: "queue 'q' in vhost '/'".
void check_arguments(const QueueArguments& arguments, std::string_view queue);

/// Throws ChannelError 406 that names the first argument whose value in a new declaration is not the current one.
void require_equal_arguments(const QueueArguments& current, const QueueArguments& given, std::string_view queue);

}  // namespace pocketmq::broker
