// A client with a blocking socket, for brokers that listen on a port. It works on the test's thread. If an expected
// command does not come within ten seconds, the test fails.
#pragma once

#include <string>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include "protocol/vocabulary/properties.hpp"
#include "tests/support/received.hpp"

namespace pocketmq::tests {

class SocketClient {
 public:
  /// Connects to that port, and sends nothing.
  SocketClient(std::uint16_t port, Encoding encoding, const char* host = "127.0.0.1");

  /// The whole handshake; afterwards channel 1 is open.
  SocketClient& shakes_hands();
  SocketClient& sends(const protocol::Method& method, std::uint16_t channel = 1);
  SocketClient& publishes(std::string_view queue, std::string_view body,
                          const protocol::BasicProperties& properties = {});
  SocketClient& sends_bytes(std::string_view bytes);

  /// The next command, which is one of that method.
  template <class M> Received receives() { return receive(M::id); }
  /// Some bytes, as they come; none where the broker has ended the connection.
  std::string receives_bytes();
  /// Whether the connection ends, with nothing before that has not been taken.
  bool is_ended();

 private:
  Received receive(const protocol::MethodId& id);

  asio::io_context context_;
  asio::ip::tcp::socket socket_{context_};
  Speech speech_;
  const Encoding encoding_;
};

}  // namespace pocketmq::tests
