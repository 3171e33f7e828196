// An HTTP request as handlers see it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/memory_account.hpp"

namespace pocketmq::broker::http {

enum class Method : std::uint8_t { get, head, post, put, patch, remove, options, other };

/// "GET"; of `other`, "".
[[nodiscard]] std::string_view name_of(Method method);
/// `other` for a name that is not in the enum.
[[nodiscard]] Method method_of(std::string_view name);

/// A name and a value: a header field, a member of the query, or a part of the path that a route names.
struct Field {
  std::string name;
  std::string value;
};

/// Where a request comes from.
struct Caller {
  std::string name{};        // address and port, for people
  std::string source{};      // failed log-ins are counted for each source
  bool from_loopback{true};  // guest may log in from there only
};

struct Request {
  Method method{Method::get};
  std::string method_name{};        // as it was sent
  std::string target{};             // as it was sent: "/api/queues/%2F/q?page=1"
  std::vector<std::string> path{};  // its segments, decoded: "api", "queues", "/", "q". A trailing slash is left out
  std::vector<Field> query{};       // decoded, in their order
  std::vector<Field> headers{};     // in their order
  std::vector<Field> parameters{};  // what the route's pattern names
  std::string body{};
  Caller caller{};
  std::string user{};  // who has logged in; empty until a guard has set it

  /// The memory of the body is charged as long as the request lives. A handler that keeps the body has to keep the
  /// request.
  protocol::MemoryCharge body_charge{};

  /// The first header field of that name, whatever its case.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
  /// How many header fields have that name.
  [[nodiscard]] std::size_t header_count(std::string_view name) const;
  /// The first member of the query with that name; one without a value, "?name", is empty.
  [[nodiscard]] std::optional<std::string_view> query_value(std::string_view name) const;
  /// The segments of the path at which the route's pattern has `{name}`. `name` must be in the pattern.
  [[nodiscard]] const std::string& parameter(std::string_view name) const;
};

/// Whether two texts are the same but for the case of ASCII letters.
[[nodiscard]] bool same_ignoring_case(std::string_view one, std::string_view other);

/// Splits `request.target` into `path` and `query` and decodes both (RFC 3986). In the query "+" is a space. If the
/// target has the absolute form, "http://host/path", sets `authority` to the host with its port. Returns a sentence
/// that says what is wrong, or "".
[[nodiscard]] std::string decode_target(Request& request, std::string& authority);

/// The text with each %XX replaced by its byte, or nothing if a "%" is not followed by two hexadecimal digits.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text);

/// The text as one segment of a path: all but letters, digits and "-._~" is escaped.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace pocketmq::broker::http
