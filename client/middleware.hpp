// Middlewares of a client: each call passes through their chain, and its result passes back.
//
//     rpc.use(log_calls([](const std::string& line) { std::clog << line << '\n'; }));
//     rpc.use(retry(rpc.executor(), {.attempts = 5}));
//
// The same chain serves blocking calls, callbacks, futures, coroutines and streams.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>

#include "client/rpc/call_middleware.hpp"
#include "client/rpc/call_tally.hpp"
#include "client/values/asio_forward.hpp"

namespace pocketmq::client {

/// Writes a line for each finished call: "call fib: ok in 1.5 ms, trace 4bf9...". `write` is called from any thread,
/// possibly from several at a time.
[[nodiscard]] CallMiddleware log_calls(std::function<void(const std::string& line)> write);

/// Counts calls. May be used from any thread.
class CallMetrics {
 public:
  [[nodiscard]] CallMiddleware middleware() const;
  /// The present counts, by queue.
  [[nodiscard]] std::map<std::string, ProcedureMetrics> snapshot() const { return tally_.snapshot(); }

 private:
  CallTally tally_;
};

/// Adds the header `authorization` to each request, with the text that `token` returns. The server may check it
/// (`require_authorization`). `token` is called from any thread.
[[nodiscard]] CallMiddleware authorization(std::function<std::string()> token);

/// Before each attempt except the first there is a pause (see Backoff).
struct RetryOptions {
  int attempts{3};  // with the first one
  std::chrono::milliseconds backoff_min{50};
  std::chrono::milliseconds backoff_max{1'000};
  double jitter{0.5};
};

/// Repeats calls that fail as `unavailable`, if they are `idempotent` and no streams. All attempts share the call's
/// deadline. `executor` runs the timer of the pauses, and must not be empty. A cancellation during a pause takes effect
/// after it.
[[nodiscard]] CallMiddleware retry(asio::any_io_executor executor, RetryOptions options = {});

}  // namespace pocketmq::client
