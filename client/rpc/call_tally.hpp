// What the middlewares of callers and of servers count and log about a call.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "client/values/rpc_error.hpp"

namespace pocketmq::client {

/// A procedure's calls, seen from either end.
struct ProcedureMetrics {
  std::uint64_t running{0};
  std::uint64_t replies{0};
  std::map<RpcCode, std::uint64_t> errors{};
  std::chrono::nanoseconds took{0};  // all that are over, together
  std::chrono::nanoseconds longest{0};
};

/// Counts calls by queue; from any thread. A copy counts on in the same place.
class CallTally {
 public:
  void begun(const std::string& queue) const;
  /// Once for each that has begun; without `error` it was a reply.
  void over(const std::string& queue, const std::optional<RpcError>& error, std::chrono::nanoseconds took) const;

  /// By queue, as it is now.
  [[nodiscard]] std::map<std::string, ProcedureMetrics> snapshot() const;

 private:
  struct Counts {
    std::mutex mutex;
    std::map<std::string, ProcedureMetrics> by_queue;  // guarded by mutex
  };
  std::shared_ptr<Counts> counts_{std::make_shared<Counts>()};
};

/// A call that is over as a line of a log: "call fib: ok in 1.5 ms, trace 4bf9...", where `verb` is "call". The trace
/// is left out if `traceparent` is none.
[[nodiscard]] std::string log_line(std::string_view verb, std::string_view queue, const std::optional<RpcError>& error,
                                   std::chrono::nanoseconds took, std::string_view traceparent);

}  // namespace pocketmq::client
