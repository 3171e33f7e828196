#include "broker/http/router.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace pocketmq::broker::http {
namespace {

bool is_parameter(std::string_view part) { return part.starts_with('{'); }
bool is_rest(std::string_view part) { return part.starts_with('{') && part.ends_with("...}"); }

std::string_view name_in(std::string_view part) {
  part.remove_prefix(1);
  part.remove_suffix(part.ends_with("...}") ? 4 : 1);
  return part;
}

std::vector<std::string> parts_of(std::string_view pattern) {
  assert(pattern.starts_with('/'));
  std::vector<std::string> parts;
  while (!pattern.empty()) {
    pattern.remove_prefix(1);
    const auto part = pattern.substr(0, pattern.find('/'));
    pattern.remove_prefix(part.size());
    if (!part.empty()) parts.emplace_back(part);
  }
  return parts;
}

// Whether the rest of a path names something below a folder, and nothing beside it.
bool stays_below(const std::vector<std::string>& path, std::size_t from) {
  return std::all_of(path.begin() + static_cast<std::ptrdiff_t>(from), path.end(), [](const std::string& segment) {
    return segment != "." && segment != ".." && segment.find_first_of(std::string_view{"/\\\0", 3}) == segment.npos;
  });
}

bool matches(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (is_rest(pattern[i])) return path.size() > i && stays_below(path, i);
    if (i == path.size() || (!is_parameter(pattern[i]) && pattern[i] != path[i])) return false;
  }
  return pattern.size() == path.size();
}

// Of two patterns that match the same path: from left to right a fixed part comes first, then `{name}`.
bool comes_before(const std::vector<std::string>& one, const std::vector<std::string>& other) {
  const auto rank = [](const std::string& part) { return is_rest(part) ? 2 : is_parameter(part) ? 1 : 0; };
  return std::ranges::lexicographical_compare(one, other, {}, rank, rank);
}

void fill_in(const std::vector<std::string>& pattern, Request& request) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (!is_parameter(pattern[i])) continue;
    auto value = request.path[i];
    if (is_rest(pattern[i]))
      for (auto next = i + 1; next < request.path.size(); ++next) value += "/" + request.path[next];
    request.parameters.push_back({std::string{name_in(pattern[i])}, std::move(value)});
  }
}

std::string allowed_methods(const std::vector<Method>& methods) {
  std::string text;
  for (const auto method : {Method::get, Method::post, Method::put, Method::patch, Method::remove}) {
    if (std::ranges::find(methods, method) == methods.end()) continue;
    text += method == Method::get ? "GET, HEAD, " : std::string{name_of(method)} + ", ";
  }
  return text + "OPTIONS";
}

Response options(const std::string& allowed) {
  auto response = no_content();
  response.headers.push_back({"Allow", allowed});
  return response;
}

Response not_allowed(const Request& request, const std::string& allowed) {
  auto response = error(405, "the method " + request.method_name + " does not work here; what works is " + allowed);
  response.headers.push_back({"Allow", allowed});
  return response;
}

}  // namespace

void Router::add(Method method, std::string_view pattern, Handler handler, RouteSettings settings) {
  add(method, pattern, LateHandler{[handler = std::move(handler)](Request& request, Responder responder) {
        responder.send(handler(request));
      }},
      std::move(settings));
}

void Router::add(Method method, std::string_view pattern, LateHandler handler, RouteSettings settings) {
  Route route{
      .method = method, .pattern = parts_of(pattern), .handler = std::move(handler), .settings = std::move(settings)};
  const auto place =
      std::ranges::find_if(routes_, [&](const Route& other) { return comes_before(route.pattern, other.pattern); });
  routes_.insert(place, std::move(route));
}

void Router::guard(std::string_view prefix, Guard guard) { guards_.push_back({parts_of(prefix), std::move(guard)}); }

Router::Found Router::find(Request& request) const {
  for (const auto& [prefix, guard] : guards_) {
    if (prefix.size() > request.path.size() || !std::equal(prefix.begin(), prefix.end(), request.path.begin()))
      continue;
    if (auto answer = guard(request)) return {.answer = std::move(answer)};
  }
  const auto wanted = request.method == Method::head ? Method::get : request.method;
  std::vector<Method> methods;
  for (const auto& route : routes_) {
    if (!matches(route.pattern, request.path)) continue;
    if (route.method == wanted) {
      fill_in(route.pattern, request);
      return {.route = &route};
    }
    methods.push_back(route.method);
  }
  if (request.method == Method::options && (!methods.empty() || request.target == "*"))
    return {.answer = options(allowed_methods(methods))};
  if (!methods.empty()) return {.answer = not_allowed(request, allowed_methods(methods))};
  return {.answer = error(404, "there is nothing at '" + request.target.substr(0, 200)
                                   + "'; look for a misspelt path, and write '%2F' for a slash within a name")};
}

}  // namespace pocketmq::broker::http
