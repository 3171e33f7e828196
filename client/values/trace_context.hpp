// W3C Trace Context: which trace a call belongs to, as the header `traceparent` carries it from caller to handler, and
// from there to the calls that the handler makes (https://www.w3.org/TR/trace-context/).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace pocketmq::client {

inline constexpr std::string_view traceparent_header = "traceparent";

/// Whether it is one of version 00, "00-<32 hex digits>-<16 hex digits>-<2 hex digits>", or begins like one of a later
/// version.
[[nodiscard]] bool is_traceparent(std::string_view text);

/// The first span of a new trace, of random ids, marked as sampled.
[[nodiscard]] std::string new_traceparent();

/// A new span in the trace of `parent`; of a new trace if that is none (an empty text is none).
[[nodiscard]] std::string child_traceparent(std::string_view parent);
/// The same, written to `to`, which it shows.
inline constexpr std::size_t traceparent_size = 55;
std::string_view write_child_traceparent(std::string_view parent, std::span<char, traceparent_size> to);

/// The 32 hex digits that all spans of a trace share: what to look for in logs. Empty if `traceparent` is none; lives
/// as long as that.
[[nodiscard]] std::string_view trace_id(std::string_view traceparent);

/// While it lives, calls that this thread makes belong to the trace of `traceparent`. A server opens one around each
/// handler; a coroutine that may resume on another thread gives the header itself instead (`Procedure::with`). Scopes
/// of a thread end in the opposite order of their beginnings; the text outlives its scope.
class TraceScope {
 public:
  explicit TraceScope(std::string_view traceparent);
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;
  ~TraceScope();

  /// This thread's innermost one; empty without any. Valid while that scope lives.
  [[nodiscard]] static std::string_view current();

 private:
  const std::string_view traceparent_;
  const TraceScope* const outer_;
};

}  // namespace pocketmq::client
