// Calls from any thread over a ReconnectingConnection.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/link/reconnecting_connection.hpp"
#include "client/link/wall_clock.hpp"
#include "client/rpc/caller.hpp"
#include "client/rpc/rpc_core.hpp"

namespace pocketmq::client {

class RpcCaller final : public Caller, public std::enable_shared_from_this<RpcCaller> {
 public:
  RpcCaller(std::shared_ptr<ReconnectingConnection> connection, const RpcSettings& settings);

  void open(Done<> done) override { connection_->open(std::move(done)); }
  void open_and_wait() override { connection_->open_and_wait(); }
  void use(CallMiddleware middleware) override { middlewares_.push_back(std::move(middleware)); }
  void call(RpcRequest&& request, Completed&& completed) override;
  [[nodiscard]] std::string call_and_wait(RpcRequest&& request) override;
  void close_and_wait() override;
  [[nodiscard]] std::uint64_t dropped_replies() const override { return core_.dropped_replies(); }
  [[nodiscard]] const SerialExecutor& executor() const override { return connection_->executor(); }
  void refuse_to_block_here() const override { connection_->refuse_to_block_here(); }
  [[nodiscard]] const protocol::LoopClock& clock() const override { return connection_->clock(); }

 private:
  void pass(std::size_t middleware, RpcRequest&& request, Completed&& completed);
  void send(RpcRequest&& request, Completed&& completed);
  void begin(RpcRequest&& request, protocol::TimePoint now, Completed&& completed);
  void cancel(RpcCore::CallId id);

  const std::shared_ptr<ReconnectingConnection> connection_;
  std::vector<CallMiddleware> middlewares_;
  RpcCore core_;
  WallClock wall_clock_;  // used on the connection's executor
};

}  // namespace pocketmq::client
