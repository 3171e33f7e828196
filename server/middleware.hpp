// Functions around a handler: each request goes through their chain to the handler, and its outcome comes back through
// it.
//
//     server.use(log_requests([](const std::string& line) { std::clog << line << '\n'; }));
//     server.use(require_authorization([](const Context&, std::string_view token) { return token == secret; }));
//
// One chain serves plain handlers, coroutines and streams alike.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "client/rpc/call_tally.hpp"
#include "server/context.hpp"
#include "server/outcome.hpp"

namespace pocketmq::server {

/// Passes the request on. It may be copied, kept and called later, on any thread, but only once.
using NextHandler = std::function<void(Context&, Answered)>;

/// May answer the request itself, or look at the outcome and change it. It is called where handlers run, also from
/// several threads at once. If it throws, the exception is the outcome. If it destroys `Answered` without calling it,
/// the request fails as `internal`.
using HandlerMiddleware = std::function<void(Context&, NextHandler, Answered)>;

/// Writes a line for each answered request: "serve fib: ok in 1.5 ms, trace 4bf9...". `write` is called from any
/// thread, also from several at once.
[[nodiscard]] HandlerMiddleware log_requests(std::function<void(const std::string& line)> write);

/// Counts requests. From any thread.
class RequestMetrics {
 public:
  [[nodiscard]] HandlerMiddleware middleware() const;
  /// The present counts, by queue.
  [[nodiscard]] std::map<std::string, client::ProcedureMetrics> snapshot() const { return tally_.snapshot(); }

 private:
  client::CallTally tally_;
};

/// Calls `accepts` with each request's header `authorization`, which is empty if there is none. If it returns false,
/// the request is refused as `unauthenticated`. `accepts` is called from any thread.
[[nodiscard]] HandlerMiddleware require_authorization(
    std::function<bool(const Context&, std::string_view token)> accepts);

}  // namespace pocketmq::server
