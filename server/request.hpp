// A request between its delivery and its answer.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "client/values/queue_options.hpp"
#include "client/values/rpc_request.hpp"
#include "protocol/vocabulary/properties.hpp"

namespace pocketmq::server {

/// What becomes of a request that the broker marks as redelivered. Nobody knows whether it ran: the server that had it
/// may have crashed while it ran, or may have given it back before it began.
enum class RedeliveryPolicy : std::uint8_t {
  run,     // run it again: each request runs at least once
  refuse,  // answer `aborted`: each request runs at most once
};

/// How a procedure is served.
struct ServeOptions {
  client::QueueOptions queue{};  // how its queue is declared
  RedeliveryPolicy redelivery{RedeliveryPolicy::run};
  /// How long answers are kept for repeats of their requests. A repeat has the same `message_id`. 0: not at all.
  /// Streams are never kept. Each server process knows its own answers only.
  std::chrono::milliseconds deduplicate{0};
  std::size_t deduplicate_max{10'000};            // answers; the oldest are dropped first
  std::size_t deduplicate_max_bytes{67'108'864};  // of all answers; a larger one is not kept
};

/// What a ServerCore needs to know of a procedure.
struct Served {
  std::string queue{};
  ServeOptions options{};
  bool is_stream{false};  // requests are answered with `write` and `end`
};

/// Identifies a request of one ServerCore, across all its connections.
struct RequestId {
  std::size_t procedure{0};  // index among those served, from 0
  std::uint64_t number{0};

  friend auto operator<=>(const RequestId&, const RequestId&) = default;
};

struct Request {
  RequestId id{};
  std::string body{};
  std::string properties{protocol::Properties{}.encoded()};  // encoded, as they came
  bool redelivered{false};
  std::optional<client::WallTime> deadline{};  // when its caller stops waiting, by the caller's clock
};

/// How far the clocks of caller and server may differ by default.
inline constexpr std::chrono::milliseconds max_clock_skew_default{1'000};

/// Whether the caller has stopped waiting, so that the request need not run.
[[nodiscard]] inline bool is_late(const Request& request, client::WallTime now,
                                  std::chrono::milliseconds max_clock_skew) {
  return request.deadline && *request.deadline <= now - max_clock_skew;
}

/// The deadline in a request's headers.
[[nodiscard]] std::optional<client::WallTime> deadline_of(protocol::Properties properties);

/// The key by which a cancellation identifies a request.
[[nodiscard]] inline std::string caller_key(std::string_view reply_to, std::string_view correlation_id) {
  std::string key;
  key.reserve(reply_to.size() + 1 + correlation_id.size());
  key.append(reply_to).append(1, '\0').append(correlation_id);
  return key;
}

}  // namespace pocketmq::server
