// What the template `RpcServer::async_start` needs of an RpcResponder, whose header a user need not read.
#pragma once

#include "client/values/callbacks.hpp"

namespace pocketmq::protocol {
class SerialExecutor;
}  // namespace pocketmq::protocol

namespace pocketmq::server {

class Starter {
 public:
  /// Once. Throws std::logic_error the second time.
  virtual void start(client::Done<> started) = 0;
  /// Where the connection runs.
  [[nodiscard]] virtual const protocol::SerialExecutor& executor() const = 0;

 protected:
  ~Starter() = default;
};

}  // namespace pocketmq::server
