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

// A socket for both versions sees IPv4 addresses inside of IPv6 ones.
asio::ip::address plain(const asio::ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
}

// One machine has very many addresses of version 6, all of one network.
std::string source_of(const asio::ip::address& address) {
  if (address.is_v4() || address.is_loopback()) return address.to_string();
  return asio::ip::make_network_v6(address.to_v6(), 64).canonical().to_string();
}

// By the numbers: Asio's errors do not compare equal to all of the standard's conditions.
bool is_missing(const std::error_code& error) {
  return error.value() == EADDRNOTAVAIL || error.value() == EAFNOSUPPORT;
}

}  // namespace

Listener::Listener(asio::io_context& context, Broker& broker, const std::vector<ListenAddress>& addresses)
    : executor_{context.get_executor()}, broker_{broker}, connections_{context, broker} {
  open(doors_, addresses, Spoken::broker);
}

void Listener::answer_http_with(http::HttpEntrance& entrance) {
  connections_.answer_http_with(entrance);
  for (auto& door : doors_) door.spoken = Spoken::broker_and_http;
}

void Listener::answer_http_with(http::HttpEntrance& entrance, const std::vector<ListenAddress>& addresses) {
  connections_.answer_http_with(entrance);
  open(http_doors_, addresses, Spoken::http);
}

void Listener::open(Doors& doors, const std::vector<ListenAddress>& addresses, Spoken spoken) {
  const bool has_v4 =
      std::ranges::any_of(addresses, [](const ListenAddress& address) { return address.endpoint.address().is_v4(); });
  const bool is_free_port = std::ranges::any_of(addresses, [](const auto& a) { return a.endpoint.port() == 0; });
  for (int tried = 1;; ++tried) {
    try {
      for (const auto& address : addresses) {
        const auto taken = doors.empty() ? std::uint16_t{0} : doors.front().acceptor.local_endpoint().port();
        open(doors, address, address.endpoint.port() == 0 ? taken : address.endpoint.port(), has_v4, spoken);
      }
      break;
    } catch (const std::system_error& error) {
      // The port that was free on the first address may be taken on the next one.
      const bool is_taken = error.code() == asio::error::address_in_use;
      if (!is_taken || !is_free_port || tried == free_ports_tried_max) throw;
      doors.clear();
    }
  }
  if (doors.empty()) throw std::system_error{make_error_code(std::errc::address_not_available)};
  for (auto& door : doors) door.acceptor.listen();
  for (auto& door : doors) accept(door);
}

void Listener::open(Doors& doors, const ListenAddress& address, std::uint16_t port, bool is_v6_only, Spoken spoken) {
  const tcp::endpoint endpoint{address.endpoint.address(), port};
  auto& door = doors.emplace_back(executor_, spoken);
  try {
    door.acceptor.open(endpoint.protocol());
    protocol::close_on_exec(door.acceptor);
    door.acceptor.set_option(asio::socket_base::reuse_address{true});
    if (is_v6_only && endpoint.address().is_v6()) door.acceptor.set_option(asio::ip::v6_only{true});
    door.acceptor.bind(endpoint);
  } catch (const std::system_error& error) {
    doors.pop_back();
    if (address.if_there_is && is_missing(error.code())) return;
    throw std::system_error{error.code(), describe(endpoint)};
  }
}

std::vector<tcp::endpoint> Listener::addresses_of(const Doors& doors) {
  std::vector<tcp::endpoint> addresses;
  for (const auto& door : doors) addresses.push_back(door.acceptor.local_endpoint());
  return addresses;
}

void Listener::accept(Door& door) {
  door.acceptor.async_accept(door.peer, [this, &door](std::error_code error, Socket socket) {
    if (stopping_ || error == asio::error::operation_aborted) return;
    if (!error) {
      begin(std::move(socket), door);
      return accept(door);
    }
    // No descriptor or memory for one more connection: those that are there go on, and the next waits its turn.
    broker_.context().clock().observe(protocol::Clock::now());
    broker_.context().tell(&ConnectionObserver::on_accept_failed, broker_.context(), error);
    door.pause_timer.expires_after(pause_without_room);
    door.pause_timer.async_wait([this, &door](std::error_code cancelled) {
      if (!cancelled && !stopping_) accept(door);
    });
  });
}

void Listener::begin(Socket socket, const Door& door) {
  protocol::close_on_exec(socket);
  std::error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay{true}, ignored);
  const auto address = plain(door.peer.address());
  connections_.add(std::move(socket),
                   {.name = describe({address, door.peer.port()}),
                    .source = source_of(address),
                    .from_loopback = address.is_loopback()},
                   door.spoken);
}

void Listener::stop(std::string_view text, std::chrono::milliseconds grace) {
  stopping_ = true;
  std::error_code ignored;
  for (auto* doors : {&doors_, &http_doors_}) {
    for (auto& door : *doors) {
      door.acceptor.close(ignored);
      door.pause_timer.cancel();
    }
  }
  connections_.stop(text, grace);
}

}  // namespace pocketmq::broker
