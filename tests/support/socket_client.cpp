#include "tests/support/socket_client.hpp"

#include <poll.h>

#include <asio/buffer.hpp>
#include <asio/write.hpp>

#include "protocol/codec/amqp_codec.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

namespace channel = protocol::channel;
namespace connection = protocol::connection;

constexpr int patience_ms = 10'000;

}  // namespace

SocketClient::SocketClient(std::uint16_t port, Encoding encoding, const char* host)
    : speech_{encoding}, encoding_{encoding} {
  socket_.connect({asio::ip::make_address(host), port});
  socket_.set_option(asio::ip::tcp::no_delay{true});
}

SocketClient& SocketClient::shakes_hands() {
  if (encoding_ == Encoding::json) {
    sends(connection::Open{}, 0);
    (void)receives<connection::OpenOk>();
    return *this;
  }
  sends_bytes(protocol::amqp_header);
  (void)receives<connection::Start>();
  sends(connection::StartOk{.mechanism = "PLAIN", .response = std::string_view{"\0guest\0guest", 12}}, 0);
  (void)receives<connection::Tune>();
  sends(connection::TuneOk{.frame_max = 131'072}, 0).sends(connection::Open{.virtual_host = "/"}, 0);
  (void)receives<connection::OpenOk>();
  sends(channel::Open{});
  (void)receives<channel::OpenOk>();
  return *this;
}

SocketClient& SocketClient::sends(const protocol::Method& method, std::uint16_t channel) {
  return sends_bytes(speech_.say({.channel = channel, .method = method}));
}

SocketClient& SocketClient::publishes(std::string_view queue, std::string_view body,
                                      const protocol::BasicProperties& properties) {
  std::string encoded;
  encode(properties, encoded);
  return sends_bytes(
      speech_.say({.channel = 1,
                   .method = protocol::basic::Publish{.routing_key = queue},
                   .content = protocol::Content{.properties = protocol::Properties{encoded}, .body = body}}));
}

SocketClient& SocketClient::sends_bytes(std::string_view bytes) {
  asio::write(socket_, asio::buffer(bytes));
  return *this;
}

std::string SocketClient::receives_bytes() {
  pollfd readable{.fd = socket_.native_handle(), .events = POLLIN, .revents = 0};
  if (::poll(&readable, 1, patience_ms) == 0) FAIL("nothing came from the broker for 10 seconds");
  std::string bytes(65'536, '\0');
  std::error_code ended;
  bytes.resize(socket_.read_some(asio::buffer(bytes), ended));
  return bytes;
}

Received SocketClient::receive(const protocol::MethodId& id) {
  while (speech_.heard.empty()) {
    const auto bytes = receives_bytes();
    if (bytes.empty()) FAIL("expected " + std::string{id.name} + ", and the broker has ended the connection");
    speech_.hear(bytes);
  }
  auto received = std::move(speech_.heard.front());
  speech_.heard.pop_front();
  if (id_of(received.method).name != id.name)
    FAIL("expected " + std::string{id.name} + ", received " + described(received));
  return received;
}

bool SocketClient::is_ended() { return speech_.heard.empty() && receives_bytes().empty(); }

}  // namespace pocketmq::tests
