#include "broker/queue_arguments.hpp"

#include <array>

#include "broker/errors.hpp"

namespace pocketmq::broker {
namespace {

using protocol::FieldValue;

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

std::string_view type_name(char type) {
  switch (type) {
    case 't': return "bool";
    case 'b': return "byte";
    case 'B': return "unsignedbyte";
    case 's': return "short";
    case 'u': return "unsignedshort";
    case 'I': return "signedint";
    case 'i': return "unsignedint";
    case 'l':
    case 'L': return "long";
    case 'f': return "float";
    case 'd': return "double";
    case 'D': return "decimal";
    case 'S': return "longstr";
    case 'x': return "binary";
    case 'A': return "array";
    case 'T': return "timestamp";
    case 'F': return "table";
    default: return "void";
  }
}

std::string quoted(std::string_view text) { return "'" + std::string{text} + "'"; }

std::string shown(const FieldValue& value) {
  if (const auto text = value.string()) return quoted(*text);
  if (const auto number = value.integer()) return quoted(std::to_string(*number));
  if (const auto truth = value.boolean()) return quoted(*truth ? "true" : "false");
  return "a " + std::string{type_name(value.type)};
}

std::string described(const std::optional<FieldValue>& value) {
  if (!value) return "none";
  return "the value " + shown(*value) + " of type " + quoted(type_name(value->type));
}

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
  if (current.queue_type() == given.queue_type()) return;
  const auto old_type = current.table().find(queue_type_argument);
  const auto new_type = given.table().find(queue_type_argument);
  const auto difference = old_type && new_type
                              ? "received " + shown(*new_type) + " but current is " + shown(*old_type)
                              : "received " + described(new_type) + " but current is " + described(old_type);
  throw ChannelError{ReplyCode::precondition_failed, "inequivalent arg " + quoted(queue_type_argument) + " for "
                                                         + std::string{queue} + ": " + difference};
}

}  // namespace pocketmq::broker
