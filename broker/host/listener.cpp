#include "broker/host/listener.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include <asio/error.hpp>
#include <asio/ip/network_v6.hpp>
#include <asio/ip/v6_only.hpp>

#include "protocol/io/close_on_exec.hpp"

namespace pocketmq::broker {
namespace {

using asio::ip::tcp;

constexpr std::chrono::milliseconds pause_without_room{100};
constexpr int free_ports_tried_max = 100;

// A socket for both IP versions reports IPv4 addresses inside of IPv6 addresses; this returns the IPv4 address.
asio::ip::address plain(const asio::ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
}

// The source for counting failed log-ins. One machine may have very many IPv6 addresses, but all are in one /64
// network.
std::string source_of(const asio::ip::address& address) {
  if (address.is_v4() || address.is_loopback()) return address.to_string();
  return asio::ip::make_network_v6(address.to_v6(), 64).canonical().to_string();
}

// Compares numbers, because not all of Asio's errors compare equal to the standard's conditions.
bool is_missing(const std::error_code& error) {
  return error.value() == EADDRNOTAVAIL || error.value() == EAFNOSUPPORT;
}

}  // namespace

Listener::Listener(asio::io_context& context, Broker& broker, const std::vector<ListenAddress>& addresses)
    : executor_{context.get_executor()}, broker_{broker}, connections_{context, broker} {
  open(sockets_, addresses, Spoken::broker);
}

void Listener::answer_http_with(http::HttpEntrance& entrance) {
  connections_.answer_http_with(entrance);
  for (auto& listening : sockets_) listening.spoken = Spoken::broker_and_http;
}

void Listener::answer_http_with(http::HttpEntrance& entrance, const std::vector<ListenAddress>& addresses) {
  connections_.answer_http_with(entrance);
  open(http_sockets_, addresses, Spoken::http);
}

void Listener::open(ListeningSockets& sockets, const std::vector<ListenAddress>& addresses, Spoken spoken) {
  const bool has_v4 =
      std::ranges::any_of(addresses, [](const ListenAddress& address) { return address.endpoint.address().is_v4(); });
  const bool is_free_port = std::ranges::any_of(addresses, [](const auto& a) { return a.endpoint.port() == 0; });
  for (int tried = 1;; ++tried) {
    try {
      for (const auto& address : addresses) {
        const auto taken = sockets.empty() ? std::uint16_t{0} : sockets.front().acceptor.local_endpoint().port();
        open(sockets, address, address.endpoint.port() == 0 ? taken : address.endpoint.port(), has_v4, spoken);
      }
      break;
    } catch (const std::system_error& error) {
      // The port that is free on the first address may be in use on the next one.
      const bool is_taken = error.code() == asio::error::address_in_use;
      if (!is_taken || !is_free_port || tried == free_ports_tried_max) throw;
      sockets.clear();
    }
  }
  if (sockets.empty()) throw std::system_error{make_error_code(std::errc::address_not_available)};
  for (auto& listening : sockets) listening.acceptor.listen();
  for (auto& listening : sockets) accept(listening);
}

void Listener::open(ListeningSockets& sockets, const ListenAddress& address, std::uint16_t port, bool is_v6_only,
                    Spoken spoken) {
  const tcp::endpoint endpoint{address.endpoint.address(), port};
  auto& listening = sockets.emplace_back(executor_, spoken);
  try {
    listening.acceptor.open(endpoint.protocol());
    protocol::close_on_exec(listening.acceptor);
    listening.acceptor.set_option(asio::socket_base::reuse_address{true});
    if (is_v6_only && endpoint.address().is_v6()) listening.acceptor.set_option(asio::ip::v6_only{true});
    listening.acceptor.bind(endpoint);
  } catch (const std::system_error& error) {
    sockets.pop_back();
    if (address.is_optional && is_missing(error.code())) return;
    throw std::system_error{error.code(), describe(endpoint)};
  }
}

std::vector<tcp::endpoint> Listener::addresses_of(const ListeningSockets& sockets) {
  std::vector<tcp::endpoint> addresses;
  for (const auto& listening : sockets) addresses.push_back(listening.acceptor.local_endpoint());
  return addresses;
}

void Listener::accept(ListeningSocket& listening) {
  listening.acceptor.async_accept(listening.peer, [this, &listening](std::error_code error, Socket socket) {
    if (stopping_ || error == asio::error::operation_aborted) return;
    if (!error) {
      begin(std::move(socket), listening);
      return accept(listening);
    }
    // There is no descriptor or no memory for another connection. The open ones go on, and the next one is accepted
    // later.
    const auto now = connections_.clock().now();
    broker_.context().clock().observe(now);
    broker_.context().tell(&ConnectionObserver::on_accept_failed, broker_.context(), error);
    const auto text = error.message();
    broker_.context().journal().tell(event::AcceptFailed{.text = text});
    listening.pause_timer.set(now + pause_without_room, [this, &listening] {
      if (!stopping_) accept(listening);
    });
  });
}

void Listener::begin(Socket socket, const ListeningSocket& listening) {
  protocol::close_on_exec(socket);
  std::error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay{true}, ignored);
  const auto address = plain(listening.peer.address());
  connections_.add(std::move(socket),
                   {.name = describe({address, listening.peer.port()}),
                    .source = source_of(address),
                    .from_loopback = address.is_loopback()},
                   listening.spoken);
}

void Listener::stop(std::string_view text, std::chrono::milliseconds grace) {
  stopping_ = true;
  std::error_code ignored;
  for (auto* sockets : {&sockets_, &http_sockets_}) {
    for (auto& listening : *sockets) {
      listening.acceptor.close(ignored);
      listening.pause_timer.cancel();
    }
  }
  connections_.stop(text, grace);
}

}  // namespace pocketmq::broker
