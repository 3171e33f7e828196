// What stands between a request and its handler: a chain through which each request goes, and its outcome back.
//
//     server.use(logging([](const std::string& line) { std::clog << line << '\n'; }));
//     server.use(authentication([](const Context&, std::string_view token) { return token == secret; }));
//
// One chain serves plain handlers, coroutines and streams alike.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "client/rpc_error.hpp"
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
[[nodiscard]] HandlerMiddleware logging(std::function<void(const std::string& line)> write);

/// What requests of one procedure came to.
struct RequestCounts {
  std::uint64_t running{0};
  std::uint64_t succeeded{0};
  std::map<client::RpcCode, std::uint64_t> failed{};
  std::chrono::nanoseconds total_time{0};  // of those that were answered
  std::chrono::nanoseconds longest_time{0};
};

/// Counts requests by procedure. From any thread.
class RequestMetrics {
 public:
  void begin(const std::string& procedure);
  void end(const std::string& procedure, const Outcome& outcome, std::chrono::nanoseconds time);
  [[nodiscard]] std::map<std::string, RequestCounts> counts() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, RequestCounts> counts_;
};

[[nodiscard]] HandlerMiddleware metrics(std::shared_ptr<RequestMetrics> into);

/// Refuses as `unauthenticated` each request whose header `authorization` (empty if it has none) `accepts` does not
/// accept. `accepts` is called from any thread.
[[nodiscard]] HandlerMiddleware authentication(std::function<bool(const Context&, std::string_view token)> accepts);

}  // namespace pocketmq::server
