// What stands between a caller and the wire: a chain through which each call goes, and its result back.
//
//     rpc.use(log_calls([](const std::string& line) { std::clog << line << '\n'; }));
//     rpc.use(retry(rpc.executor(), {.attempts = 5}));
//
// One chain serves blocking calls, callbacks, futures, coroutines and streams alike.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>

#include <asio/any_io_executor.hpp>

#include "client/rpc/call_middleware.hpp"
#include "client/rpc/call_tally.hpp"

namespace pocketmq::client {

/// Writes a line for each call that is over: "call fib: ok in 1.5 ms, trace 4bf9...". `write` is called from any
/// thread, also from several at a time.
[[nodiscard]] CallMiddleware log_calls(std::function<void(const std::string& line)> write);

/// Counts calls; from any thread.
class CallMetrics {
 public:
  [[nodiscard]] CallMiddleware middleware() const;
  /// By queue, as it is now.
  [[nodiscard]] std::map<std::string, ProcedureMetrics> snapshot() const { return tally_.snapshot(); }

 private:
  CallTally tally_;
};

/// Puts the text that `token` gives into the header `authorization` of each request, for a server that checks it.
/// `token` is called from any thread.
[[nodiscard]] CallMiddleware authorization(std::function<std::string()> token);

/// Before each attempt but the first there is a pause, as long as Backoff says.
struct RetryOptions {
  int attempts{3};  // in all
  std::chrono::milliseconds backoff_min{50};
  std::chrono::milliseconds backoff_max{1'000};
  double jitter{0.5};
};

/// Makes calls again that fail as `unavailable`, if they are marked `idempotent` and are no streams, as long as there
/// is time: all attempts share the call's time. `executor` waits between them; a cancellation is noticed after that.
[[nodiscard]] CallMiddleware retry(asio::any_io_executor executor, RetryOptions options = {});

}  // namespace pocketmq::client
