// The part of RpcResponder that the template `RpcServer::async_start` uses. So a user's file need not read
// RpcResponder's header.
#pragma once

#include "client/values/callbacks.hpp"

namespace pocketmq::protocol {
class SerialExecutor;
}  // namespace pocketmq::protocol

namespace pocketmq::server {

class Startable {
 public:
  /// Call it once. A second call throws std::logic_error.
  virtual void start(client::Done<> started) = 0;
  /// The connection's executor.
  [[nodiscard]] virtual const protocol::SerialExecutor& executor() const = 0;

 protected:
  ~Startable() = default;
};

}  // namespace pocketmq::server
