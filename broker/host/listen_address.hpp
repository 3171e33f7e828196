// Where to listen, as people write it: an IP address of either version, or a name.
#pragma once

#include <string_view>
#include <vector>

#include <asio/ip/tcp.hpp>

namespace pocketmq::broker {

struct ListenAddress {
  asio::ip::tcp::endpoint endpoint{};
  /// It is passed over where the machine has no such address, and has another of the list.
  bool if_there_is{false};
};

/// The addresses that `host` stands for: an IPv4 or IPv6 address (perhaps in brackets), or a name, which is looked up.
/// "localhost" is 127.0.0.1, and ::1 where there is one, whatever the machine's tables say. Throws std::runtime_error
/// with a sentence if it is neither, or not known.
[[nodiscard]] std::vector<ListenAddress> listen_addresses(std::string_view host, std::uint16_t port);

/// "127.0.0.1:5672", "[::1]:5672"
[[nodiscard]] std::string describe(const asio::ip::tcp::endpoint& endpoint);

}  // namespace pocketmq::broker
