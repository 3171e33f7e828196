// Calls from any thread over a connection that heals: what procedures are made of.
#pragma once

#include <memory>
#include <string>

#include "client/link.hpp"
#include "client/rpc_core.hpp"

namespace pocketmq::client {

class RpcCaller : public std::enable_shared_from_this<RpcCaller> {
 public:
  explicit RpcCaller(std::shared_ptr<Link> link);

  /// Connects and sets up the callback queue.
  void open(Done<> done);
  /// The same, and waits; throws std::system_error. Only on a link with a thread of its own.
  void open_and_wait();

  /// From any thread. `completed` is called once, on the connection's thread; its time runs from now.
  void call(RpcRequest request, Completed completed);
  /// Waits for the reply's body, or throws RpcError. Throws std::system_error(resource_deadlock_would_occur) on the
  /// connection's own thread.
  [[nodiscard]] std::string call_and_wait(RpcRequest request);

  /// Completes all calls with `cancelled`, later ones too, and closes the connection.
  void close_and_wait();

  [[nodiscard]] std::uint64_t dropped_replies() const { return core_.dropped_replies(); }
  [[nodiscard]] const asio::any_io_executor& executor() const { return link_->executor(); }

 private:
  const std::shared_ptr<Link> link_;
  RpcCore core_;
};

}  // namespace pocketmq::client
