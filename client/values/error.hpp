// The error codes of connections and channels: our own, and AMQP's reply codes.
#pragma once

#include <string>
#include <system_error>

#include "protocol/vocabulary/reply_code.hpp"

namespace pocketmq::client {

enum class Error {
  invalid_url = 1,     // the text says what to write
  timed_out,           // no connection, or the handshake was not over, in the time given
  connection_lost,     // the peer is gone, or silent
  protocol_violation,  // the peer broke the protocol
  not_open,            // the connection or channel is not open (any more)
  closed,              // it was closed on this side while the operation was under way
  name_too_long,       // a name or a property is longer than the 255 bytes of a short string
  too_many_channels,   // the broker allows no more open channels
  unreadable,          // a message came that could not be read; the connection goes on
};

[[nodiscard]] const std::error_category& client_category();

/// The category of `protocol::ReplyCode`s: why the broker closed a channel or the connection.
[[nodiscard]] const std::error_category& reply_code_category();

[[nodiscard]] std::error_code make_error_code(Error error);

/// The error for any `reply_code`, also for one that AMQP does not define.
[[nodiscard]] std::error_code reply_error(std::uint16_t reply_code);

/// Why a connection or channel is not open any more.
struct CloseReason {
  std::error_code error{};
  std::string text{};  // what the broker said, or what happened

  friend bool operator==(const CloseReason&, const CloseReason&) = default;
};

}  // namespace pocketmq::client

template <> struct std::is_error_code_enum<pocketmq::client::Error> : std::true_type {};
