#include "broker/queue_arguments.hpp"

#include <array>

#include "broker/errors.hpp"
#include "broker/redeclaration.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::string_view queue_type_argument = "x-queue-type";

// RabbitMQ gives these a meaning. A broker that accepted them and did nothing would lie to its users.
constexpr std::array unsupported_arguments{
    "x-message-ttl",
    "x-expires",
    "x-max-length",
    "x-max-length-bytes",
    "x-overflow",
    "x-max-priority",
    "x-queue-mode",
    "x-dead-letter-exchange",
    "x-delivery-limit",
    "x-max-in-memory-length",
    "x-single-active-consumer",
    "x-dead-letter-routing-key",
    "x-dead-letter-strategy",
};

std::string quoted(std::string_view text) { return "'" + std::string{text} + "'"; }

}  // namespace

std::string_view QueueArguments::queue_type() const {
  const auto value = table().find(queue_type_argument);
  return value && value->string() ? *value->string() : "classic";
}

void check_arguments(const QueueArguments& arguments, std::string_view queue) {
  if (const auto type = arguments.table().find(queue_type_argument)) {
    const auto invalid = "invalid arg " + quoted(queue_type_argument) + " for " + std::string{queue} + ": ";
    if (!type->string())
      throw ChannelError{ReplyCode::precondition_failed,
                         invalid + "a longstr is wanted, a " + std::string{type_name(type->type)} + " was given"};
    if (type->string() == "stream")
      throw ConnectionError{ReplyCode::not_implemented,
                            invalid + "PocketMQ has no streams; declare a 'classic' or 'quorum' queue"};
    if (type->string() != "classic" && type->string() != "quorum")
      throw ChannelError{ReplyCode::precondition_failed, invalid + "unsupported queue type " + shown(*type)};
  }
  for (const std::string_view name : unsupported_arguments)
    if (arguments.table().find(name))
      throw ConnectionError{ReplyCode::not_implemented, "argument " + quoted(name) + " of " + std::string{queue}
                                                            + ": PocketMQ does not have it yet; leave it out"};
}

void require_equal_arguments(const QueueArguments& current, const QueueArguments& given, std::string_view queue) {
  if (current.queue_type() != given.queue_type())
    require_equal_argument(queue, queue_type_argument, given.table(), current.table());
}

}  // namespace pocketmq::broker
