#include "client/values/urls.hpp"

#include <algorithm>

#include "client/values/error.hpp"

namespace pocketmq::client {
namespace {

bool begins_with_scheme(std::string_view text) {
  constexpr std::string_view of_schemes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.";
  const auto end = text.find_first_not_of(of_schemes);
  return end != 0 && end != std::string_view::npos && text.substr(end).starts_with("://");
}

std::string_view without_leading_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return text;
}

void split(std::string_view text, std::vector<std::string>& parts) {
  for (std::size_t comma = 0; (comma = text.find(',', comma)) != std::string_view::npos;) {
    const auto rest = without_leading_blanks(text.substr(comma + 1));
    if (!begins_with_scheme(rest)) {
      ++comma;
      continue;
    }
    parts.emplace_back(text.substr(0, comma));
    text = rest;
    comma = 0;
  }
  parts.emplace_back(text);
}

}  // namespace

protocol::Url parse_url_or_throw(std::string_view url) {
  auto parsed = protocol::parse_url(url);
  if (!parsed.url) throw std::system_error{Error::invalid_url, parsed.fault};
  return std::move(*parsed.url);
}

Urls::Urls(const std::vector<std::string>& lists) {
  if (lists.empty()) throw std::system_error{Error::invalid_url, "no URL was given"};
  std::vector<std::string> texts;
  for (const auto& list : lists) split(list, texts);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto which =
        texts.size() == 1 ? "" : "URL " + std::to_string(i + 1) + " of " + std::to_string(texts.size()) + ": ";
    auto parsed = protocol::parse_url(texts[i]);
    if (!parsed.url) throw std::system_error{Error::invalid_url, which + parsed.fault};
    if (parsed.url->host.find(',') != std::string::npos)
      throw std::system_error{Error::invalid_url, which + "the host '" + parsed.url->host
                                                      + "' has a comma; of several URLs, each begins with its scheme, "
                                                        "as in amqp://one/,amqp://two/"};
    urls_.push_back(std::move(*parsed.url));
  }
}

}  // namespace pocketmq::client
