// Where to listen: an IPv4 or IPv6 address, or a name.
#pragma once

#include <string_view>
#include <vector>

#include <asio/ip/tcp.hpp>

namespace pocketmq::broker {

struct ListenAddress {
  asio::ip::tcp::endpoint endpoint{};
  /// The address is skipped if the machine does not have it and has another one of the list.
  bool is_optional{false};
};

/// The addresses that `host` stands for: an IPv4 or IPv6 address (with or without brackets), or a name, which is looked
/// up. "localhost" is always 127.0.0.1, and also ::1 if the machine has it. Throws std::runtime_error with a sentence
/// if `host` is neither an address nor a known name.
[[nodiscard]] std::vector<ListenAddress> listen_addresses(std::string_view host, std::uint16_t port);

/// "127.0.0.1:5672", "[::1]:5672"
[[nodiscard]] std::string describe(const asio::ip::tcp::endpoint& endpoint);

}  // namespace pocketmq::broker
