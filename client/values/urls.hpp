// The addresses of a broker: one URL, or several that are tried in turn; or the pipe of a broker in this process.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/url.hpp"

namespace pocketmq::client {

/// Throws std::system_error(Error::invalid_url), with the parser's text.
[[nodiscard]] protocol::Url parse_url_or_throw(std::string_view url);

/// The help text for command line arguments of type Urls.
inline constexpr const char* urls_help =
    "the broker: amqp+json://host:port/ or amqp://user:password@host:port/vhost; several, with commas between them, "
    "are "
    "tried in turn";

/// At least one URL, all of them valid. It is the type of parameters: callers may pass everything that a constructor
/// takes.
class Urls {
 public:
  /// Each text is one URL, or several with commas: "amqp://one/,amqp://two/". Throws
  /// std::system_error(Error::invalid_url), whose text says which URL is wrong, and why. A comma separates URLs only
  /// before a scheme. Elsewhere it is part of a URL, for example of a password.
  Urls(const std::vector<std::string>& lists);
  Urls(std::initializer_list<std::string> lists) : Urls{std::vector<std::string>{lists}} {}
  Urls(std::string_view list) : Urls{std::vector<std::string>{std::string{list}}} {}
  Urls(const std::string& list) : Urls{std::vector<std::string>{list}} {}
  Urls(protocol::Url url) : urls_{std::move(url)} {}
  Urls(const char* list) : Urls{std::vector<std::string>{list}} {}

  [[nodiscard]] std::size_t size() const { return urls_.size(); }
  [[nodiscard]] const protocol::Url& operator[](std::size_t place) const { return urls_[place]; }

 private:
  std::vector<protocol::Url> urls_;
};

}  // namespace pocketmq::client
