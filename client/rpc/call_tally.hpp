// Counts and log lines of calls, for the middlewares of callers and servers.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "client/values/rpc_error.hpp"

namespace pocketmq::client {

/// The calls of a procedure, as a caller or a server counts them.
struct ProcedureMetrics {
  std::uint64_t running{0};
  std::uint64_t replies{0};
  std::map<RpcCode, std::uint64_t> errors{};
  std::chrono::nanoseconds took{0};  // of all finished calls together
  std::chrono::nanoseconds longest{0};
};

/// Counts calls by queue, from any thread. Copies share their counts.
class CallTally {
 public:
  CallTally();

  void begun(const std::string& queue) const;
  /// Call it once for each call that has begun, when the call is over. No `error` means that a reply came.
  void over(const std::string& queue, const std::optional<RpcError>& error, std::chrono::nanoseconds took) const;

  /// The present counts, by queue.
  [[nodiscard]] std::map<std::string, ProcedureMetrics> snapshot() const;

 private:
  struct Counts;
  std::shared_ptr<Counts> counts_;
};

/// A finished call as a log line: "call fib: ok in 1.5 ms, trace 4bf9...", where `verb` is "call". Without the trace if
/// `traceparent` is not valid.
[[nodiscard]] std::string log_line(std::string_view verb, std::string_view queue, const std::optional<RpcError>& error,
                                   std::chrono::nanoseconds took, std::string_view traceparent);

}  // namespace pocketmq::client
