#include "broker/http/http_server.hpp"

#include <utility>
#include <vector>

#include "broker/http/http_end.hpp"

namespace pocketmq::broker::http {

HttpServer::HttpServer(Context& context, HostNames names, const HttpLimits& limits)
    : state_{.context = context, .limits = limits, .names = std::move(names)} {}

// If there are too many connections, the one that has waited longest for a request, or for the rest of one, ends. So
// incomplete requests keep nobody out. Connections with a request that is being answered are not disturbed.
std::unique_ptr<protocol::ConnectionEnd> HttpServer::connect(Caller caller, protocol::TimePoint now) {
  state_.context.clock().observe(now);
  const auto limit = std::to_string(state_.limits.connection_max);
  if (connection_count() >= state_.limits.connection_max && !state_.waiting.empty())
    state_.waiting.front()->shut_down("there are " + limit + " HTTP connections, and this one has waited longest; send "
                                      "a request at once when you have connected");
  auto end = std::make_unique<HttpEnd>(state_, std::move(caller), now);
  if (connection_count() > state_.limits.connection_max)
    end->refuse_connection("there are " + limit + " HTTP connections, and all wait for answers; close some");
  else if (const auto& memory = state_.context.memory(); !memory.has_room_for_clients())
    end->refuse_connection(memory.describe() + "; close some connections");
  return end;
}

void HttpServer::shut_down(std::string_view text) {
  std::vector<HttpEnd*> ends{state_.waiting.begin(), state_.waiting.end()};
  ends.insert(ends.end(), state_.answering.begin(), state_.answering.end());
  for (auto* end : ends)
    if (!end->finished()) end->shut_down(text);
}

}  // namespace pocketmq::broker::http
