// Calls from any thread over a connection that heals: what procedures are made of.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/link/reconnecting_connection.hpp"
#include "client/link/wall_clock.hpp"
#include "client/rpc/call_middleware.hpp"
#include "client/rpc/rpc_core.hpp"

namespace pocketmq::client {

class RpcCaller : public std::enable_shared_from_this<RpcCaller> {
 public:
  RpcCaller(std::shared_ptr<ReconnectingConnection> connection, const RpcSettings& settings);

  /// Connects and sets up the place for replies.
  void open(Done<> done) { connection_->open(std::move(done)); }
  /// The same, and waits; throws std::system_error. Only on a connection with a thread of its own.
  void open_and_wait() { connection_->open_and_wait(); }

  /// Puts `middleware` inside of those that are there. Before the first call only.
  void use(CallMiddleware middleware) { middlewares_.push_back(std::move(middleware)); }

  /// From any thread; the call's time runs from now. `completed` is called once, usually on
  /// the connection's thread.
  void call(RpcRequest&& request, Completed&& completed);
  /// Waits for the reply's body, or throws RpcError. Throws std::system_error(resource_deadlock_would_occur) on the
  /// connection's own thread.
  [[nodiscard]] std::string call_and_wait(RpcRequest&& request);

  /// Completes all calls with `cancelled`, later ones too, and closes the connection.
  void close_and_wait();

  [[nodiscard]] std::uint64_t dropped_replies() const { return core_.dropped_replies(); }
  [[nodiscard]] const SerialExecutor& executor() const { return connection_->executor(); }
  void refuse_to_block_here() const { connection_->refuse_to_block_here(); }

 private:
  void pass(std::size_t middleware, RpcRequest&& request, Completed&& completed);
  void send(RpcRequest&& request, Completed&& completed);
  void begin(RpcRequest&& request, protocol::TimePoint now, Completed&& completed);
  void cancel(RpcCore::CallId id);

  const std::shared_ptr<ReconnectingConnection> connection_;
  std::vector<CallMiddleware> middlewares_;
  RpcCore core_;
  WallClock wall_clock_;  // where the connection runs
};

/// What a call fails with that can never be completed.
[[nodiscard]] RpcError executor_gone();

}  // namespace pocketmq::client
