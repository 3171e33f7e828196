// A lean client of NATS's text protocol: PUB, SUB, MSG, PING.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "protocol/codec/input_buffer.hpp"
#include "tests/bench/load/connection.hpp"

namespace pocketmq::bench {

class NatsConnection : public Connection {
 public:
  explicit NatsConnection(std::uint16_t port);

  /// Told of each message; its views end with the call.
  std::function<void(std::string_view subject, std::string_view reply_to, std::string_view body)> on_message;

  void subscribe(std::string_view subject);
  void publish(std::string_view subject, std::string_view reply_to, std::string_view body);
  /// Waits until the server has seen all that was said.
  void ping();

  void receive() override;

 private:
  /// What has come begins with a whole message or another line; returns its size, or 0 if it is not whole.
  std::size_t take_one(std::string_view come);

  protocol::InputBuffer input_;
  std::size_t subscriptions_{0};
  bool is_ready_{false};  // the server has greeted, or answered the last ping
};

}  // namespace pocketmq::bench
