// The options of a connection, and how a lost connection is replaced.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace pocketmq::client {

/// How long connecting may take, until the end of the handshake, unless options or URL say otherwise.
inline constexpr std::chrono::seconds connection_timeout_default{10};

/// These take precedence over what the URL says.
struct ConnectionOptions {
  std::string name{};                                             // the broker shows it
  std::optional<std::chrono::milliseconds> connection_timeout{};  // to the end of the handshake
  std::optional<std::chrono::seconds> heartbeat{};                // 0 for none
};

/// After a loss all URLs are tried in turn, beginning after the one that was lost. Before each such round there is a
/// pause (backoff.hpp). A connection that lasted for `backoff_max` makes the pauses short again.
struct ReconnectOptions {
  std::chrono::milliseconds backoff_min{50};
  std::chrono::milliseconds backoff_max{5'000};
  double jitter{0.5};                   // at most this share of a pause is left out, at random
  std::optional<std::uint64_t> seed{};  // of the jitter; random by default
  bool patient{false};                  // `open` keeps trying too, instead of failing after the first round
};

}  // namespace pocketmq::client
