#include "broker/listener.hpp"

#include <string>
#include <utility>

#include "protocol/close_on_exec.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::chrono::milliseconds pause_without_room{100};

std::string describe(const asio::ip::tcp::endpoint& endpoint) {
  const auto address = endpoint.address().to_string();
  const bool brackets = endpoint.address().is_v6();
  return (brackets ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port());
}

bool is_loopback(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).is_loopback();
  return address.is_loopback();
}

}  // namespace

Listener::Listener(asio::io_context& context, Broker& broker, const asio::ip::tcp::endpoint& address)
    : connections_{context, broker}, acceptor_{context.get_executor()}, pause_timer_{context.get_executor()} {
  acceptor_.open(address.protocol());
  protocol::close_on_exec(acceptor_);
  acceptor_.set_option(asio::socket_base::reuse_address{true});
  acceptor_.bind(address);
  acceptor_.listen();
  accept();
}

void Listener::accept() {
  acceptor_.async_accept(peer_, [this](std::error_code error, Socket socket) {
    if (stopping_ || error == asio::error::operation_aborted) return;
    if (!error) {
      begin(std::move(socket));
      return accept();
    }
    // No descriptor or memory for one more connection: those that are there go on, and the next waits its turn.
    pause_timer_.expires_after(pause_without_room);
    pause_timer_.async_wait([this](std::error_code cancelled) {
      if (!cancelled && !stopping_) accept();
    });
  });
}

void Listener::begin(Socket socket) {
  protocol::close_on_exec(socket);
  std::error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay{true}, ignored);
  connections_.add(std::move(socket), {.name = describe(peer_), .from_loopback = is_loopback(peer_.address())});
}

void Listener::stop(std::string_view text, std::chrono::milliseconds grace) {
  stopping_ = true;
  std::error_code ignored;
  acceptor_.close(ignored);
  pause_timer_.cancel();
  connections_.stop(text, grace);
}

}  // namespace pocketmq::broker
