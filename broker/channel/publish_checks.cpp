#include "broker/channel/publish_checks.hpp"

#include <charconv>
#include <string>

#include "broker/core/time_max.hpp"
#include "protocol/vocabulary/property_sizes.hpp"

namespace pocketmq::broker {

using protocol::BasicProperties;

std::optional<std::chrono::milliseconds> read_expiration(protocol::Properties properties) {
  const auto text = properties.find<&BasicProperties::expiration>();
  if (!text) return std::nullopt;
  const auto* begin = text->data();
  const auto* end = begin + text->size();
  if (text->starts_with('+')) ++begin;
  std::int64_t milliseconds = 0;
  const auto [stopped, error] = std::from_chars(begin, end, milliseconds);
  if (error != std::errc{} || stopped != end || milliseconds < 0 || milliseconds > time_max.count())
    throw ChannelError{
        ReplyCode::precondition_failed,
        "invalid expiration '" + std::string{*text}
            + "': write the message's time to live in whole milliseconds, such as '60000', up to ten years"};
  return std::chrono::milliseconds{milliseconds};
}

void check_body_size(const protocol::Content& content, const protocol::Limits& limits) {
  if (content.refused_size_bytes > 0)
    throw ChannelError{ReplyCode::precondition_failed, "message size " + std::to_string(content.refused_size_bytes)
                                                           + " is larger than configured max size "
                                                           + std::to_string(limits.body_max_bytes)};
}

void check_properties_size(protocol::Properties properties, const protocol::Limits& limits) {
  const auto size = properties.encoded().size();
  if (const auto max = protocol::published_properties_max_bytes(limits); size > max)
    throw ChannelError{ReplyCode::precondition_failed,
                       "message properties of " + std::to_string(size) + " bytes are larger than the "
                           + std::to_string(max)
                           + " that every consumer can be sent; put into the body what is large in the headers"};
}

void check_delivery_mode(protocol::Properties properties) {
  const auto mode = properties.find<&BasicProperties::delivery_mode>();
  if (mode && *mode != 1 && *mode != 2)
    throw ChannelError{ReplyCode::precondition_failed, "invalid message: delivery_mode is " + std::to_string(*mode)
                                                           + "; 1 (transient) and 2 (persistent) exist"};
}

namespace {

ConnectionError lack_of_memory(const Memory& memory, const std::string& why) {
  return {ReplyCode::resource_error, "the broker holds " + std::to_string(memory.used()) + " bytes, " + why + " the "
                                         + std::to_string(memory.hard_mark())
                                         + " it may; publish again when queues are shorter"};
}

}  // namespace

ConnectionError memory_exhausted(const Memory& memory) { return lack_of_memory(memory, "more than"); }

void require_memory_for(std::string_view body, const Memory& memory) {
  if (!memory.is_scarce()) return;
  if (memory.is_exhausted()) throw memory_exhausted(memory);
  if (body.size() > memory.hard_mark() - memory.used() + memory.mark() / 16)
    throw lack_of_memory(memory, "and with the " + std::to_string(body.size()) + " of this message more than");
}

}  // namespace pocketmq::broker
