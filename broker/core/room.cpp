#include "broker/core/room.hpp"

#include <string>

#include "broker/core/errors.hpp"

namespace pocketmq::broker {
namespace {

// The arguments of one object may be as long as an AMQP frame. While memory is scarce, they may have the usual length
// only.
constexpr std::size_t argument_bytes_max = 131'072;
constexpr std::size_t few_argument_bytes = 4'096;

}  // namespace

void require_room(Context& context, const Quota& quota, std::string_view what, std::string_view kind,
                  protocol::FieldTable arguments) {
  const auto refuse = [&](const std::string& why) {
    throw ChannelError{ReplyCode::precondition_failed, "cannot " + std::string{what} + ": " + why};
  };
  if (quota.is_used_up())
    refuse(std::string{kind} + " limit of the broker (" + std::to_string(quota.limit()) + ") is reached");
  const auto bytes = arguments.encoded().size();
  const auto& all_arguments = context.quotas().argument_bytes;
  if (bytes > argument_bytes_max)
    refuse("its arguments are " + std::to_string(bytes) + " bytes long; at most " + std::to_string(argument_bytes_max)
           + " are kept");
  if (bytes > 0 && all_arguments.is_used_up(bytes))
    refuse("limit of the broker for arguments (" + std::to_string(all_arguments.limit()) + " bytes) is reached");
  const auto& memory = context.memory();
  if (!memory.has_room_for_topology() || (memory.is_scarce() && bytes > few_argument_bytes))
    refuse(memory.describe() + ". Try again when queues are shorter");
}

}  // namespace pocketmq::broker
