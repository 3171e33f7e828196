// The interface by which RpcClient, Procedure and Stream make calls. RpcCaller implements it. So a user's file need not
// read RpcCaller's headers.
#pragma once

#include <cstdint>
#include <string>

#include "client/rpc/call_middleware.hpp"
#include "client/values/callbacks.hpp"
#include "client/values/rpc_error.hpp"
#include "client/values/rpc_request.hpp"

namespace pocketmq::protocol {
class SerialExecutor;
}  // namespace pocketmq::protocol

namespace pocketmq::client {

class Caller {
 public:
  Caller() = default;
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;
  virtual ~Caller() = default;

  /// Connects, and sets up the channel and the callback queue (or direct reply-to).
  virtual void open(Done<> done) = 0;
  /// The same, and waits. Throws std::system_error if it fails. Only on a connection with a thread of its own.
  virtual void open_and_wait() = 0;

  /// Adds `middleware` as the innermost one. Before the first call only.
  virtual void use(CallMiddleware middleware) = 0;

  /// From any thread; the call's time runs from now. `completed` is called once, usually on the connection's thread.
  virtual void call(RpcRequest&& request, Completed&& completed) = 0;
  /// Waits for the reply's body, or throws RpcError. Throws std::system_error(resource_deadlock_would_occur) on the
  /// connection's own thread.
  [[nodiscard]] virtual std::string call_and_wait(RpcRequest&& request) = 0;

  /// Completes all calls with `cancelled`, later ones too, and closes the connection.
  virtual void close_and_wait() = 0;

  /// Counts replies that came too late, twice, or to calls that nobody made.
  [[nodiscard]] virtual std::uint64_t dropped_replies() const = 0;
  /// The connection's executor.
  [[nodiscard]] virtual const protocol::SerialExecutor& executor() const = 0;
  /// Throws std::system_error(resource_deadlock_would_occur) if waiting here would block the connection.
  virtual void refuse_to_block_here() const = 0;
  /// The clock of the connection's loop.
  [[nodiscard]] virtual const protocol::LoopClock& clock() const = 0;
};

/// The error of a call whose executor was destroyed, so that the call can never be completed.
[[nodiscard]] RpcError executor_gone();

}  // namespace pocketmq::client
