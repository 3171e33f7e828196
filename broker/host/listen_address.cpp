#include "broker/host/listen_address.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include <asio/io_context.hpp>

namespace pocketmq::broker {
namespace {

using asio::ip::tcp;

bool is_localhost(std::string_view host) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(host, std::string_view{"localhost"}, {}, lower);
}

// Whether the text can be a host's name. Others need not be looked up.
bool may_be_name(std::string_view host) {
  return !host.empty()
         && host.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") == host.npos;
}

std::vector<ListenAddress> look_up(const std::string& host, std::uint16_t port) {
  asio::io_context context;
  tcp::resolver resolver{context};
  std::error_code error;
  const auto found = resolver.resolve(host, std::to_string(port), tcp::resolver::numeric_service, error);
  if (error)
    throw std::runtime_error{"no address of '" + host + "' is known: " + error.message()
                             + "; name one that this machine has, or 'localhost'"};
  std::vector<ListenAddress> addresses;
  for (const auto& entry : found)
    if (std::ranges::find(addresses, entry.endpoint(), &ListenAddress::endpoint) == addresses.end())
      addresses.push_back({.endpoint = entry.endpoint(), .is_optional = true});
  return addresses;
}

}  // namespace

std::vector<ListenAddress> listen_addresses(std::string_view host, std::uint16_t port) {
  if (is_localhost(host))
    return {{.endpoint = {asio::ip::address_v4::loopback(), port}},
            {.endpoint = {asio::ip::address_v6::loopback(), port}, .is_optional = true}};
  const bool in_brackets = host.size() > 2 && host.starts_with('[') && host.ends_with(']');
  const std::string bare{in_brackets ? host.substr(1, host.size() - 2) : host};
  std::error_code no_address;
  const auto address = asio::ip::make_address(bare, no_address);
  if (!no_address) return {{.endpoint = {address, port}}};
  if (!in_brackets && may_be_name(bare)) return look_up(bare, port);
  throw std::runtime_error{"'" + std::string{host}
                           + "' is no address and no host's name; it is 127.0.0.1, ::1 or localhost, say, and the port "
                             "goes beside it"};
}

std::string describe(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address().to_string();
  const bool brackets = endpoint.address().is_v6();
  return (brackets ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port());
}

}  // namespace pocketmq::broker
