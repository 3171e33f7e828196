// W3C Trace Context (https://www.w3.org/TR/trace-context/). The header `traceparent` names the trace that a call
// belongs to. It goes from the caller to the handler, and on to the calls that the handler makes.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "protocol/end/loop_random.hpp"

namespace pocketmq::client {

inline constexpr std::string_view traceparent_header = "traceparent";

/// Whether `text` is a traceparent of version 00, "00-<32 hex digits>-<16 hex digits>-<2 hex digits>", or begins like
/// one of a later version.
[[nodiscard]] bool is_traceparent(std::string_view text);

/// The first span of a new trace, with random ids, marked as sampled.
[[nodiscard]] std::string new_traceparent();

/// A new span in the trace of `parent`; in a new trace if `parent` is no traceparent (or empty).
[[nodiscard]] std::string child_traceparent(std::string_view parent);
/// The same, written to `to`, with ids from `random`. Returns a view of it.
inline constexpr std::size_t traceparent_size = 55;
std::string_view write_child_traceparent(std::string_view parent, std::span<char, traceparent_size> to,
                                         protocol::LoopRandom& random);

/// The 32 hex digits that all spans of a trace share, to look for in logs. Empty if `traceparent` is not valid. A view
/// of `traceparent`.
[[nodiscard]] std::string_view trace_id(std::string_view traceparent);

/// While it lives, calls of this thread belong to the trace of `traceparent`. A server opens a scope around each
/// handler, and around each part of a handler's coroutine. Other coroutines that may resume on another thread pass the
/// header themselves (`Procedure::with`). Scopes of a thread must be nested. The text must outlive its scope.
class TraceScope {
 public:
  explicit TraceScope(std::string_view traceparent);
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;
  ~TraceScope();

  /// The traceparent of this thread's innermost scope; empty if there is none. Valid while that scope lives.
  [[nodiscard]] static std::string_view current();

 private:
  const std::string_view traceparent_;
  const TraceScope* const outer_;
};

}  // namespace pocketmq::client
