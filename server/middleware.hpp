// What stands between a request and its handler: a chain through which each request goes, and its outcome back.
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

/// Goes on with the request. It may be copied, kept and called later, on any thread, but only once.
using NextHandler = std::function<void(Context&, Answered)>;

/// May answer the request itself, or look at the outcome and change it. It is called where handlers run, from several
/// threads at a time if requests come so; what it throws is the outcome. A request whose `Answered` it lets go of fails
/// as `internal`.
using HandlerMiddleware = std::function<void(Context&, NextHandler, Answered)>;

/// Writes a line for each request that was answered: "serve fib: ok in 1.5 ms, trace 4bf9...". `write` is called from
/// any thread, also from several at a time.
[[nodiscard]] HandlerMiddleware log_requests(std::function<void(const std::string& line)> write);

/// Counts requests; from any thread.
class RequestMetrics {
 public:
  [[nodiscard]] HandlerMiddleware middleware() const;
  /// By queue, as it is now.
  [[nodiscard]] std::map<std::string, client::ProcedureMetrics> snapshot() const { return tally_.snapshot(); }

 private:
  client::CallTally tally_;
};

/// Refuses as `unauthenticated` each request whose header `authorization` (empty if it has none) `accepts` does not
/// accept. `accepts` is called from any thread.
[[nodiscard]] HandlerMiddleware require_authorization(
    std::function<bool(const Context&, std::string_view token)> accepts);

}  // namespace pocketmq::server
