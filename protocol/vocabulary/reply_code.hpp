// Reply codes (AMQP 0-9-1, 1.2 "constants"), with the names that begin RabbitMQ's reply texts.
#pragma once

#include <cstdint>
#include <string_view>

namespace pocketmq::protocol {

enum class ReplyCode : std::uint16_t {
  success = 200,
  content_too_large = 311,
  no_route = 312,
  no_consumers = 313,
  connection_forced = 320,
  invalid_path = 402,
  access_refused = 403,
  not_found = 404,
  resource_locked = 405,
  precondition_failed = 406,
  frame_error = 501,
  syntax_error = 502,
  command_invalid = 503,
  channel_error = 504,
  unexpected_frame = 505,
  resource_error = 506,
  not_allowed = 530,
  not_implemented = 540,
  internal_error = 541,
};

/// "NOT_FOUND" for 404; "UNKNOWN" for a number that AMQP does not define.
[[nodiscard]] std::string_view name_of(ReplyCode code);

/// The bare number, as reply_code fields carry it.
[[nodiscard]] constexpr std::uint16_t number_of(ReplyCode code) { return static_cast<std::uint16_t>(code); }

}  // namespace pocketmq::protocol
