#include "broker/http/same_site.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <arpa/inet.h>

namespace pocketmq::broker::http {
namespace {

constexpr std::size_t shown_max = 100;

std::string quoted(std::string_view text) { return "'" + std::string{text.substr(0, shown_max)} + "'"; }

struct HostAndPort {
  std::string_view host;  // an IPv6 address is without its brackets
  std::string_view port;  // empty: none was given
  bool is_bracketed{false};
};

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<HostAndPort> parse(std::string_view authority) {
  HostAndPort parsed;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == authority.npos) return std::nullopt;
    parsed = {.host = authority.substr(1, end - 1), .port = {}, .is_bracketed = true};
    authority.remove_prefix(end + 1);
  } else {
    parsed.host = authority.substr(0, authority.find(':'));
    authority.remove_prefix(parsed.host.size());
  }
  if (parsed.host.empty()) return std::nullopt;
  if (authority.empty()) return parsed;
  parsed.port = authority.substr(1);
  if (authority[0] != ':' || !is_number(parsed.port)) return std::nullopt;
  return parsed;
}

bool is_address(const HostAndPort& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(host.is_bracketed ? AF_INET6 : AF_INET, std::string{host.host}.c_str(), bytes.data()) == 1;
}

std::string_view without_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

bool is_ours(const HostAndPort& host, const std::vector<std::string>& names) {
  if (host.host.find('\0') != host.host.npos) return false;
  if (is_address(host)) return true;
  if (host.is_bracketed) return false;
  const auto name = without_dot(host.host);
  return same_ignoring_case(name, "localhost")
         || std::ranges::any_of(names, [&](const std::string& ours) { return same_ignoring_case(name, ours); });
}

std::optional<Response> refuse_host(std::string_view authority, const std::vector<std::string>& names) {
  const auto host = parse(authority);
  if (!host)
    return error(400, "Host is " + quoted(authority) + "; write a name or an address, and perhaps ':' and a port");
  if (is_ours(*host, names)) return std::nullopt;
  return error(403, "the broker does not answer to the name " + quoted(host->host)
                        + ", so that no web page can reach it under a name of its own; use 'localhost' or the broker's "
                          "address, or start the broker with this name allowed (--http-host)");
}

// Whether an origin such as "http://localhost:15672" belongs to a Host such as "localhost:15672".
bool is_origin_of(std::string_view origin, std::string_view authority) {
  std::string_view usual_port;
  for (const auto& [scheme, port] : {std::pair{std::string_view{"http://"}, std::string_view{"80"}},
                                     std::pair{std::string_view{"https://"}, std::string_view{"443"}}}) {
    if (!origin.starts_with(scheme)) continue;
    origin.remove_prefix(scheme.size());
    usual_port = port;
    break;
  }
  if (usual_port.empty()) return false;
  const auto from = parse(origin), to = parse(authority);
  if (!from || !to) return false;
  const auto port_of = [&](const HostAndPort& host) { return host.port.empty() ? usual_port : host.port; };
  return from->is_bracketed == to->is_bracketed && same_ignoring_case(from->host, to->host)
         && port_of(*from) == port_of(*to);
}

// A user who follows a link or types an address may come from any site.
bool is_navigation(const Request& request) {
  return (request.method == Method::get || request.method == Method::head)
         && request.header("Sec-Fetch-Mode") == "navigate" && request.header("Sec-Fetch-Dest") == "document";
}

std::string_view media_type(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (content_type.ends_with(' ') || content_type.ends_with('\t')) content_type.remove_suffix(1);
  return content_type;
}

// A browser lets any page send these types to any site.
bool is_open_to_all(std::string_view type) {
  return same_ignoring_case(type, "text/plain") || same_ignoring_case(type, "multipart/form-data")
         || same_ignoring_case(type, "application/x-www-form-urlencoded");
}

}  // namespace

std::optional<Response> refuse_other_sites(const Request& request, const std::string& authority, bool is_http_1_0,
                                           const std::vector<std::string>& names) {
  const auto hosts = request.header_count("Host");
  if (hosts > 1) return error(400, "there is more than one Host; send it once");
  if (hosts == 0 && !is_http_1_0)
    return error(400, "there is no Host; HTTP/1.1 asks for it, such as 'Host: localhost'");
  const auto host = request.header("Host");
  if (host)
    if (auto refused = refuse_host(*host, names)) return refused;
  if (!authority.empty())
    if (auto refused = refuse_host(authority, names)) return refused;

  if (request.header_count("Origin") > 1) return error(400, "there is more than one Origin; send it once");
  if (const auto origin = request.header("Origin"); origin && (!host || !is_origin_of(*origin, *host)))
    return error(403, "this comes from a page of another site, " + quoted(*origin)
                          + "; only the broker's own pages may ask it, and programs, which send no Origin");
  const auto site = request.header("Sec-Fetch-Site");
  if (site && *site != "same-origin" && *site != "none" && !is_navigation(request))
    return error(403, "this comes from a page of another site (Sec-Fetch-Site is " + quoted(*site)
                          + "); only the broker's own pages may ask it");
  return std::nullopt;
}

std::optional<Response> refuse_content_type(const Request& request, const std::vector<std::string>& content_types) {
  const auto given = request.header("Content-Type");
  const auto type = media_type(given.value_or(""));
  const bool is_taken =
      !is_open_to_all(type) && request.header_count("Content-Type") == 1
      && std::ranges::any_of(content_types, [&](const auto& t) { return same_ignoring_case(t, type); });
  if (is_taken) return std::nullopt;
  std::string wanted;
  for (const auto& each : content_types) wanted += (wanted.empty() ? "'" : "' or '") + each;
  return error(415, (given ? "the body's type is " + quoted(*given) : std::string{"the body has no type"})
                        + "; send it with 'Content-Type: " + wanted.substr(wanted.empty() ? 0 : 1) + "'");
}

}  // namespace pocketmq::broker::http
