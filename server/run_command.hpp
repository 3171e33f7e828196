// Runs a program for one request: the request on its standard input, the reply from its standard output.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/line_sink.hpp"

namespace pocketmq::server {

struct CommandBounds {
  std::chrono::steady_clock::time_point deadline{std::chrono::steady_clock::time_point::max()};
  std::stop_token stop{};
  std::size_t output_max_bytes{};
};

/// Runs `command`, found on PATH and without a shell, with `input` on its standard input. Returns what the command
/// wrote to its standard output before it exited. Whatever the command leaves running is killed. What it writes to
/// standard error goes to `errors` as it comes, with control characters escaped.
///
/// Throws client::RpcError with the end of the command's standard error: for an exit status of `client::exit_status`
/// with that code, for any other status but 0 with `internal`. If a bound is reached, it kills the command with all
/// that it started and throws `deadline_exceeded`, `cancelled` or `resource_exhausted`. If this process ends, they are
/// killed too. From any thread; SIGPIPE must be ignored.
[[nodiscard]] std::string run_command(const std::vector<std::string>& command, std::string_view input,
                                      const CommandBounds& bounds, protocol::LineSink& errors);

}  // namespace pocketmq::server
