// The names that calls have on the wire beside AMQP's own: what our client and our server say to each other.
#pragma once

#include <string_view>

namespace pocketmq::client {

/// The header with a request's deadline: milliseconds since the epoch, as an int64.
inline constexpr std::string_view rpc_deadline_header = "x-rpc-deadline";

/// The property `type` of a reply that says how the call failed.
inline constexpr std::string_view rpc_error_type = "rpc.error";

/// The header in which a caller says who it is.
inline constexpr std::string_view rpc_authorization_header = "authorization";

/// A stream's replies are numbered in this header from 0, as int64.
inline constexpr std::string_view rpc_sequence_header = "x-rpc-seq";
/// True in the last one, which is no element and has an empty body or is an error.
inline constexpr std::string_view rpc_end_header = "x-rpc-end";

/// The fanout exchange that takes cancellations: `correlation_id` and `reply_to` of the request, and no body.
inline constexpr std::string_view rpc_cancel_exchange = "pocketmq.rpc.cancel";

}  // namespace pocketmq::client
