#include "broker/http/request.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

namespace pocketmq::broker::http {
namespace {

struct Named {
  Method method;
  std::string_view name;
};

constexpr std::array<Named, 7> known_methods{{{Method::get, "GET"},
                                              {Method::head, "HEAD"},
                                              {Method::post, "POST"},
                                              {Method::put, "PUT"},
                                              {Method::patch, "PATCH"},
                                              {Method::remove, "DELETE"},
                                              {Method::options, "OPTIONS"}}};

constexpr std::string_view wrong_escape =
    "the path or the query has a '%' that two hexadecimal digits do not follow; write '%25' for a percent sign";

char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter; }

int digit_of(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  const char letter = lower(digit);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

bool is_unreserved(char letter) {
  const char small = lower(letter);
  return (small >= 'a' && small <= 'z') || (letter >= '0' && letter <= '9') || letter == '-' || letter == '.'
         || letter == '_' || letter == '~';
}

const Field* find(const std::vector<Field>& fields, std::string_view name) {
  const auto found = std::ranges::find(fields, name, &Field::name);
  return found == fields.end() ? nullptr : &*found;
}

bool decode_path(std::string_view path, std::vector<std::string>& segments) {
  assert(path.starts_with('/'));
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const auto segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    if (segment.empty() && path.empty()) return true;  // a trailing slash
    auto decoded = percent_decoded(segment);
    if (!decoded) return false;
    segments.push_back(std::move(*decoded));
  }
  return true;
}

std::optional<std::string> decoded_of_query(std::string_view text) {
  std::string spaced{text};
  std::ranges::replace(spaced, '+', ' ');
  return percent_decoded(spaced);
}

bool decode_query(std::string_view query, std::vector<Field>& fields) {
  while (!query.empty()) {
    const auto member = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), member.size() + 1));
    if (member.empty()) continue;
    const auto equals = std::min(member.find('='), member.size());
    auto name = decoded_of_query(member.substr(0, equals));
    auto value = decoded_of_query(member.substr(std::min(member.size(), equals + 1)));
    if (!name || !value) return false;
    fields.push_back({std::move(*name), std::move(*value)});
  }
  return true;
}

}  // namespace

std::string_view name_of(Method method) {
  const auto* found = std::ranges::find(known_methods, method, &Named::method);
  return found == known_methods.end() ? std::string_view{} : found->name;
}

Method method_of(std::string_view name) {
  const auto* found = std::ranges::find(known_methods, name, &Named::name);
  return found == known_methods.end() ? Method::other : found->method;
}

bool same_ignoring_case(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, [](char a, char b) { return lower(a) == lower(b); });
}

std::optional<std::string_view> Request::header(std::string_view name) const {
  const auto found =
      std::ranges::find_if(headers, [&](const Field& field) { return same_ignoring_case(field.name, name); });
  if (found == headers.end()) return std::nullopt;
  return found->value;
}

std::size_t Request::header_count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(headers, [&](const Field& field) { return same_ignoring_case(field.name, name); }));
}

std::optional<std::string_view> Request::query_value(std::string_view name) const {
  const auto* found = find(query, name);
  if (found == nullptr) return std::nullopt;
  return found->value;
}

const std::string& Request::parameter(std::string_view name) const {
  const auto* found = find(parameters, name);
  assert(found != nullptr);
  return found->value;
}

std::string decode_target(Request& request, std::string& authority) {
  std::string_view target = request.target;
  target = target.substr(0, target.find('#'));
  if (target == "*" && request.method == Method::options) return "";
  if (const auto scheme = target.find("://"); !target.starts_with('/') && scheme != target.npos) {
    target.remove_prefix(scheme + 3);
    authority = target.substr(0, target.find_first_of("/?"));
    target.remove_prefix(authority.size());
    if (authority.empty()) return "the address names no host; write a path, such as '/api/overview'";
    if (target.empty() || target.starts_with('?')) {
      if (!decode_query(target.substr(std::min<std::size_t>(target.size(), 1)), request.query))
        return std::string{wrong_escape};
      return "";
    }
  }
  if (!target.starts_with('/')) return "the path does not begin with '/'; write a path, such as '/api/overview'";
  const auto path = target.substr(0, target.find('?'));
  const auto query = target.substr(std::min(target.size(), path.size() + 1));
  if (!decode_path(path, request.path) || !decode_query(query, request.query)) return std::string{wrong_escape};
  return "";
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = digit_of(text[i + 1]), low = digit_of(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char letter : text) {
    if (is_unreserved(letter)) {
      encoded += letter;
    } else {
      const auto byte = static_cast<unsigned char>(letter);
      encoded += '%';
      encoded += digits[byte >> 4U];
      encoded += digits[byte & 15U];
    }
  }
  return encoded;
}

}  // namespace pocketmq::broker::http
