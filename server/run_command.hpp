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

/// Runs `command`, found on PATH and without a shell, with `input` on its standard input, and returns what it wrote to
/// its standard output by the time that it exited. What it leaves running then is killed. What it writes to standard
/// error goes to `errors` as it comes, with control characters escaped. Throws client::RpcError: with a status of
/// `client::exit_status` that code, with another `internal`, and the end of its standard error; `deadline_exceeded`,
/// `cancelled` or `resource_exhausted` if a bound was hit, on which it is killed with all that it started. If this
/// process dies, that is killed too. From any thread; SIGPIPE must be ignored.
[[nodiscard]] std::string run_command(const std::vector<std::string>& command, std::string_view input,
                                      const CommandBounds& bounds, protocol::LineSink& errors);

}  // namespace pocketmq::server
