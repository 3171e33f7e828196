// A request from its delivery to its answer, as those who run it see it.
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

/// What becomes of a request that the broker marks as redelivered. Whether it ran is not known: the server that had it
/// may have died while it ran, or may have given it back unbegun.
enum class RedeliveryPolicy : std::uint8_t {
  run,     // again: each request runs at least once
  refuse,  // its caller gets `aborted`: each request runs at most once
};

/// How a procedure is served.
struct ServeOptions {
  client::QueueOptions queue{};  // how its queue is declared
  RedeliveryPolicy redelivery{RedeliveryPolicy::run};
  /// How long answers are kept for repeats of their requests, which are known by their `message_id`; 0 for not at all.
  /// Not for streams. Each server process remembers for itself only.
  std::chrono::milliseconds deduplicate{0};
  std::size_t deduplicate_max{10'000};            // answers; the oldest go first
  std::size_t deduplicate_max_bytes{67'108'864};  // of them; one that is larger is not kept
};

/// A procedure, as it is consumed.
struct Served {
  std::string queue{};
  ServeOptions options{};
  bool is_stream{false};  // it is answered with `write` and `end`
};

/// Names a request of one ServerCore, over all its connections.
struct RequestId {
  std::size_t procedure{0};  // its place among those served
  std::uint64_t number{0};

  friend auto operator<=>(const RequestId&, const RequestId&) = default;
};

struct Request {
  RequestId id{};
  std::string body{};
  std::string properties{protocol::Properties{}.encoded()};  // as they came: who wants them decodes them
  bool redelivered{false};
  std::optional<client::WallTime> deadline{};  // when its caller stops waiting, by the caller's clock
};

/// How far the clocks of caller and server may differ, unless it is said otherwise.
inline constexpr std::chrono::milliseconds max_clock_skew_default{1'000};

/// Whether its caller waits no longer, so that it need not be run.
[[nodiscard]] inline bool is_late(const Request& request, client::WallTime now,
                                  std::chrono::milliseconds max_clock_skew) {
  return request.deadline && *request.deadline <= now - max_clock_skew;
}

/// The deadline that a request's headers say.
[[nodiscard]] std::optional<client::WallTime> deadline_of(protocol::Properties properties);

/// What a cancellation names a request by.
[[nodiscard]] inline std::string caller_key(std::string_view reply_to, std::string_view correlation_id) {
  std::string key;
  key.reserve(reply_to.size() + 1 + correlation_id.size());
  key.append(reply_to).append(1, '\0').append(correlation_id);
  return key;
}

}  // namespace pocketmq::server
