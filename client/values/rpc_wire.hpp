// The headers, types and exchanges that our client and our server use beside AMQP's own properties.
#pragma once

#include <string_view>

namespace pocketmq::client {

/// The header with a request's deadline: milliseconds since the epoch, as an int64.
inline constexpr std::string_view rpc_deadline_header = "x-rpc-deadline";

/// The property `type` of an error reply.
inline constexpr std::string_view rpc_error_type = "rpc.error";

/// The header with the caller's authorization.
inline constexpr std::string_view rpc_authorization_header = "authorization";

/// The header with the number of a stream's reply, from 0, as an int64.
inline constexpr std::string_view rpc_sequence_header = "x-rpc-seq";
/// The header of a stream's last reply: true. That reply is no element; it has an empty body, or is an error.
inline constexpr std::string_view rpc_end_header = "x-rpc-end";

/// The fanout exchange for cancellations. They carry `correlation_id` and `reply_to` of the request, and no body.
inline constexpr std::string_view rpc_cancel_exchange = "pocketmq.rpc.cancel";

}  // namespace pocketmq::client
