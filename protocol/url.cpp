#include "protocol/url.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "protocol/vocabulary/secrets.hpp"
#include "protocol/vocabulary/wire_types.hpp"

namespace pocketmq::protocol {
namespace {

constexpr std::string_view form = "amqp://user:password@host:port/vhost";

// Thrown and caught in this file only. A URL is parsed from the outside to the inside, and each step may refuse it.
struct Refusal {
  std::string text;
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string percent_decode(std::string_view text, std::string_view what) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const auto digits = text.substr(i + 1, 2);
    const int high = digits.size() == 2 ? hex_digit(digits[0]) : -1;
    const int low = digits.size() == 2 ? hex_digit(digits[1]) : -1;
    if (high < 0 || low < 0)
      throw Refusal{"in the " + std::string{what}
                    + ", '%' must be followed by two hexadecimal digits; '%' itself is %25"};
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (unreserved.find(c) != std::string_view::npos) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += {'%', digits[byte / 16], digits[byte % 16]};
  }
  return encoded;
}

// A whole number from `min` to `max`.
std::uint32_t number(std::string_view text, std::string_view what, std::uint32_t min, std::uint32_t max) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < min || value > max)
    throw Refusal{"the " + std::string{what} + " '" + std::string{text} + "' is not a whole number from "
                  + std::to_string(min) + " to " + std::to_string(max)};
  return value;
}

// Cuts `text` at the first `separator` and returns what follows it; nothing if there is no separator.
std::optional<std::string_view> cut(std::string_view& text, char separator) {
  const auto at = text.find(separator);
  if (at == std::string_view::npos) return std::nullopt;
  const auto rest = text.substr(at + 1);
  text = text.substr(0, at);
  return rest;
}

Encoding parse_scheme(std::string_view scheme) {
  if (scheme == "amqp") return Encoding::amqp;
  if (scheme == "amqp+json") return Encoding::json;
  if (scheme == "amqps") throw Refusal{"TLS is not supported yet; use amqp:// over a tunnel or on one machine"};
  throw Refusal{"the scheme is amqp:// or, for PocketMQ's JSON framing, amqp+json://"};
}

void parse_login(std::string_view login, Url& url) {
  const auto password = cut(login, ':');
  url.user = percent_decode(login, "user");
  url.password = percent_decode(password.value_or(""), "password");
}

void parse_host_and_port(std::string_view text, Url& url) {
  std::optional<std::string_view> port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) throw Refusal{"the ']' after the IPv6 address is missing"};
    url.host = text.substr(1, end - 1);
    const auto rest = text.substr(end + 1);
    if (!rest.empty() && rest[0] != ':') throw Refusal{"after the IPv6 address in brackets comes ':port' or '/'"};
    if (!rest.empty()) port = rest.substr(1);
  } else {
    port = cut(text, ':');
    if (port && port->find(':') != std::string_view::npos)
      throw Refusal{"an IPv6 address is written in brackets, as in amqp://[::1]:5672/"};
    if (!text.empty()) url.host = percent_decode(text, "host");
  }
  if (port && !port->empty()) url.port = static_cast<std::uint16_t>(number(*port, "port", 1, 65'535));
}

void parse_option(std::string_view name, std::string_view value, Url& url) {
  constexpr auto max = std::numeric_limits<std::uint32_t>::max();
  if (name == "heartbeat")
    url.heartbeat = std::chrono::seconds{number(value, "heartbeat (seconds)", 0, 65'535)};
  else if (name == "connection_timeout")
    url.connection_timeout = std::chrono::milliseconds{number(value, "connection_timeout (milliseconds)", 1, max)};
  else if (name == "frame_max")
    url.frame_max_bytes = number(value, "frame_max (bytes)", 0, max);
  else
    throw Refusal{"there is no option '" + std::string{name} + "'; there are heartbeat (seconds), connection_timeout "
                  + "(milliseconds) and frame_max (bytes)"};
}

void parse_options(std::string_view query, Url& url) {
  for (std::optional<std::string_view> rest = query; rest;) {
    auto option = *rest;
    rest = cut(option, '&');
    if (option.empty()) continue;
    const auto value = cut(option, '=');
    parse_option(option, value.value_or(""), url);
  }
}

Url parse(std::string_view text) {
  Url url;
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) throw Refusal{"it must begin with amqp:// or amqp+json://"};
  url.encoding = parse_scheme(text.substr(0, scheme_end));
  text.remove_prefix(scheme_end + 3);

  if (const auto at = text.rfind('@'); at != std::string_view::npos && text.find_first_of("/?") < at)
    throw Refusal{"before and after the '@' that ends the login, '/' is written %2F, '?' %3F and '@' %40"};
  if (const auto query = cut(text, '?')) parse_options(*query, url);
  const auto virtual_host = cut(text, '/');
  if (virtual_host && virtual_host->find('/') != std::string_view::npos)
    throw Refusal{"a '/' in the name of the virtual host is written %2F"};
  if (virtual_host && !virtual_host->empty()) url.virtual_host = percent_decode(*virtual_host, "virtual host");

  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    parse_login(text.substr(0, at), url);
    text.remove_prefix(at + 1);
  }
  parse_host_and_port(text, url);
  if (url.virtual_host.size() > ShortString::max_size_bytes || url.user.size() > ShortString::max_size_bytes)
    throw Refusal{"the user and the virtual host have at most 255 bytes each"};
  return url;
}

// The text with everything that may be a password replaced.
std::string without_password(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) return std::string{text};
  const auto scheme_end = text.find("://");
  const auto login = scheme_end == std::string_view::npos || scheme_end > at ? 0 : scheme_end + 3;
  const auto colon = text.find(':', login);
  if (colon == std::string_view::npos || colon > at) return std::string{text};
  return std::string{text.substr(0, colon + 1)}.append(hidden_secret).append(text.substr(at));
}

}  // namespace

ParsedUrl parse_url(std::string_view text) {
  try {
    return {.url = parse(text)};
  } catch (const Refusal& refusal) {
    return {.fault = "'" + without_password(text) + "' is no URL of a broker: " + refusal.text + ". The form is "
                     + std::string{form}};
  }
}

std::string to_string(const Url& url, Secrets secrets) {
  if (url.pipe) return "the pipe to a broker in this process";
  std::string text = url.encoding == Encoding::json ? "amqp+json://" : "amqp://";
  text += percent_encode(url.user) + ':';
  text += secrets == Secrets::hidden ? std::string{hidden_secret} : percent_encode(url.password);
  const bool is_ipv6 = url.host.find(':') != std::string::npos;
  text += '@' + (is_ipv6 ? '[' + url.host + ']' : percent_encode(url.host)) + ':' + std::to_string(url.port) + '/';
  if (url.virtual_host != "/") text += percent_encode(url.virtual_host);

  char separator = '?';
  const auto option = [&](std::string_view name, auto value) {
    text += std::exchange(separator, '&');
    text.append(name).append("=").append(std::to_string(value));
  };
  if (url.heartbeat) option("heartbeat", url.heartbeat->count());
  if (url.connection_timeout) option("connection_timeout", url.connection_timeout->count());
  if (url.frame_max_bytes) option("frame_max", *url.frame_max_bytes);
  return text;
}

}  // namespace pocketmq::protocol
