// The request and the result of a call.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "client/values/callbacks.hpp"
#include "client/values/queue_options.hpp"
#include "client/values/rpc_error.hpp"
#include "client/values/table.hpp"

namespace pocketmq::protocol {
class LoopClock;
}  // namespace pocketmq::protocol

namespace pocketmq::client {

using WallTime = std::chrono::system_clock::time_point;

/// A body and its content type. An empty type means JSON.
struct Payload {
  std::string body{};
  std::string_view content_type{};  // of static lifetime
};

inline constexpr auto no_timeout = std::chrono::milliseconds::max();

struct RpcRequest {
  std::string queue{};
  Payload payload{};
  std::chrono::milliseconds timeout{};    // to the reply, or the end of the stream; no_timeout for none
  std::optional<QueueOptions> declare{};  // the queue is declared before the first request goes there
  bool idempotent{false};                 // may be sent again when the connection is lost
  bool require_consumer{false};           // fails as `no_consumer` where nobody consumes the queue
  Table headers{};
  /// If set, this is a stream call. It is called with each element's body, on the connection's thread, and returns
  /// whether there was room for it. It must not call the core. The call completes at the stream's end, with an empty
  /// body.
  std::function<bool(std::string)> on_element{};
  /// A stop request at one of these, on any thread, cancels the call.
  std::vector<std::stop_token> stops{};
  /// The clock of the client's loop, for middleware that measures time. The client sets it, and it lives as long as the
  /// client's executor. Null before that.
  const protocol::LoopClock* clock{nullptr};
};

/// A reply's body, or how the call failed.
struct RpcResult {
  std::string body{};
  std::optional<RpcError> error{};
};

/// Called once, when a call is over.
using Completed = MoveOnlyFunction<void(RpcResult)>;

/// Why a request cannot be sent; nothing if it can. The text begins with the wrong part, "queue: ...".
[[nodiscard]] std::optional<RpcError> find_fault(const RpcRequest& request);

}  // namespace pocketmq::client
