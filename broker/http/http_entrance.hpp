// The interface through which a listener passes connections to HTTP. It says nothing about how HTTP is spoken.
#pragma once

#include <memory>
#include <string_view>

#include "broker/http/request.hpp"
#include "protocol/end/connection_end.hpp"

namespace pocketmq::broker::http {

class HttpEntrance {
 public:
  /// Makes the broker's end of a new connection. The end must not outlive this object.
  [[nodiscard]] virtual std::unique_ptr<protocol::ConnectionEnd> connect(Caller caller, protocol::TimePoint now) = 0;
  /// Ends all connections: a client that waits for an answer gets 503 with that text, and streams break off.
  virtual void shut_down(std::string_view text) = 0;

 protected:
  ~HttpEntrance() = default;
};

}  // namespace pocketmq::broker::http
