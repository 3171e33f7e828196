#include "broker/channel/publish_checks.hpp"

#include <charconv>
#include <string>

#include "broker/core/time_max.hpp"

namespace pocketmq::broker {
namespace {

ConnectionError lack_of_memory(const Memory& memory, const std::string& why) {
  return {ReplyCode::resource_error, "the broker holds " + std::to_string(memory.used()) + " bytes, " + why + " the "
                                         + std::to_string(memory.hard_mark())
                                         + " it may; publish again when queues are shorter"};
}

}  // namespace

void refuse_body_size(std::uint64_t size_bytes, const protocol::Limits& limits) {
  throw ChannelError{ReplyCode::precondition_failed, "message size " + std::to_string(size_bytes)
                                                         + " is larger than configured max size "
                                                         + std::to_string(limits.body_max_bytes)};
}

void refuse_properties_size(std::size_t size_bytes, std::size_t max_bytes) {
  throw ChannelError{ReplyCode::precondition_failed,
                     "message properties of " + std::to_string(size_bytes) + " bytes are larger than the "
                         + std::to_string(max_bytes)
                         + " that every consumer can be sent; put into the body what is large in the headers"};
}

void refuse_delivery_mode(unsigned mode) {
  throw ChannelError{ReplyCode::precondition_failed, "invalid message: delivery_mode is " + std::to_string(mode)
                                                         + "; 1 (transient) and 2 (persistent) exist"};
}

void refuse_for_memory(const Memory& memory) { throw lack_of_memory(memory, "more than"); }

void require_memory_beyond_mark(std::string_view body, const Memory& memory) {
  if (memory.is_exhausted()) refuse_for_memory(memory);
  if (body.size() > memory.hard_mark() - memory.used() + memory.mark() / 16)
    throw lack_of_memory(memory, "and with the " + std::to_string(body.size()) + " of this message more than");
}

std::chrono::milliseconds parse_expiration(std::string_view text) {
  const auto* begin = text.data();
  const auto* end = begin + text.size();
  if (text.starts_with('+')) ++begin;
  std::int64_t milliseconds = 0;
  const auto [stopped, error] = std::from_chars(begin, end, milliseconds);
  if (error != std::errc{} || stopped != end || milliseconds < 0 || milliseconds > time_max.count())
    throw ChannelError{
        ReplyCode::precondition_failed,
        "invalid expiration '" + std::string{text}
            + "': write the message's time to live in whole milliseconds, such as '60000', up to ten years"};
  return std::chrono::milliseconds{milliseconds};
}

}  // namespace pocketmq::broker
