// Where a broker is and how to log in there, as a URL (RabbitMQ's URI specification):
//
//     amqp://user:password@host:port/vhost?heartbeat=10&connection_timeout=5000&frame_max=131072
//     amqp+json://...
//
// Everything after the scheme may be left out: guest, guest, localhost, 5672 and the virtual host "/" are meant then.
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
  std::shared_ptr<PipeAcceptor> pipe{};  // into a broker in this process; host and port mean nothing then

  friend bool operator==(const Url&, const Url&) = default;
};

struct ParsedUrl {
  std::optional<Url> url{};
  std::string fault{};  // without a URL: what is wrong, and what to write; never a password
};

/// User, password, host and virtual host are percent-decoded. An empty virtual host is "/" here, as an absent one is:
/// RabbitMQ's specification tells `amqp://host/` (the virtual host "") from `amqp://host`, but nobody means it.
[[nodiscard]] ParsedUrl parse_url(std::string_view text);

/// A text that `parse_url` reads as the same URL; with secrets hidden, one for logs and errors. Of a pipe, which no
/// text can lead to, it only says that it is one.
[[nodiscard]] std::string to_string(const Url& url, Secrets secrets = Secrets::shown);

}  // namespace pocketmq::protocol
