// A broker's address and the log-in, as a URL (RabbitMQ's URI specification):
//
//     amqp://user:password@host:port/vhost?heartbeat=10&connection_timeout=5000&frame_max=131072
//     amqp+json://...
//
// Everything after the scheme is optional. The defaults are guest, guest, localhost, 5672 and the virtual host "/".
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/vocabulary/encoding.hpp"
#include "protocol/vocabulary/secrets.hpp"

namespace pocketmq::protocol {

class PipeAcceptor;

struct Url {
  static constexpr std::uint16_t default_port = 5672;

  Encoding encoding{Encoding::amqp};
  std::string user{"guest"};
  std::string password{"guest"};
  std::string host{"localhost"};  // an IPv6 address without its brackets
  std::uint16_t port{default_port};
  std::string virtual_host{"/"};
  std::optional<std::chrono::seconds> heartbeat{};  // 0 for none
  std::optional<std::chrono::milliseconds> connection_timeout{};
  std::optional<std::uint32_t> frame_max_bytes{};
  std::shared_ptr<PipeAcceptor> pipe{};  // to a broker in this process; host and port are then ignored

  friend bool operator==(const Url&, const Url&) = default;
};

struct ParsedUrl {
  std::optional<Url> url{};
  std::string fault{};  // if there is no URL: what is wrong and what to write; never contains a password
};

/// User, password, host and virtual host are percent-decoded. An empty virtual host means "/", like an absent one.
/// RabbitMQ's specification distinguishes `amqp://host/` (the virtual host "") from `amqp://host`, but nobody means
/// that.
[[nodiscard]] ParsedUrl parse_url(std::string_view text);

/// The URL as text, which `parse_url` reads as the same URL. Use Secrets::hidden for logs and errors. A pipe has no URL
/// as text; the result only says that it is a pipe.
[[nodiscard]] std::string to_string(const Url& url, Secrets secrets = Secrets::shown);

}  // namespace pocketmq::protocol
