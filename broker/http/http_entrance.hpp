// What whoever accepts connections knows of HTTP: not how it is spoken, only who speaks it.
#pragma once

#include <memory>
#include <string_view>

#include "broker/http/request.hpp"
#include "protocol/end/connection_end.hpp"

namespace pocketmq::broker::http {

class HttpEntrance {
 public:
  /// The end of a new connection. It must not outlive this.
  [[nodiscard]] virtual std::unique_ptr<protocol::ConnectionEnd> connect(Caller caller, protocol::TimePoint now) = 0;
  /// All connections end: who waits for an answer gets 503 with that text, and streams break off.
  virtual void shut_down(std::string_view text) = 0;

 protected:
  ~HttpEntrance() = default;
};

}  // namespace pocketmq::broker::http
