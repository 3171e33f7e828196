// What the HTTP connections of a broker share.
#pragma once

#include <list>
#include <string>
#include <vector>

#include "broker/core/context.hpp"
#include "broker/http/http_limits.hpp"
#include "broker/http/router.hpp"

namespace pocketmq::broker::http {

class HttpEnd;

/// Names, beside "localhost" and addresses, under which browsers may reach the broker.
using HostNames = std::vector<std::string>;

struct HttpState {
  Context& context;
  const HttpLimits limits;
  const HostNames names;
  Router router{};
  /// Connections that wait for a request or for the rest of one, the longest first; and connections that answer.
  std::list<HttpEnd*> waiting{};
  std::list<HttpEnd*> answering{};
  std::size_t response_bytes{0};  // bodies of whole responses that wait for their readers
};

}  // namespace pocketmq::broker::http
