// What came of a request, and who is told.
#pragma once

#include <exception>
#include <optional>
#include <string>

#include "client/values/callbacks.hpp"
#include "client/values/rpc_error.hpp"
#include "client/values/rpc_request.hpp"

namespace pocketmq::server {

/// A reply (without meaning for a stream, which is just over), or the error that its caller gets.
struct Outcome {
  client::Payload payload{};
  std::optional<client::RpcError> error{};
  /// What an exception of the handler said, where it was no RpcError: for the server's log. In `error` there is a
  /// generic sentence instead, for what an exception says may be no caller's business.
  std::string exception{};
};

/// Called once, from any thread. The request's Context is gone then.
using Answered = client::MoveOnlyFunction<void(Outcome)>;

/// What comes of an exception: an RpcError is itself, an operation that Asio cancelled is `cancelled`, anything else
/// `internal`.
[[nodiscard]] Outcome failure_of(const std::exception_ptr& thrown);

/// The error of an outcome with what the exception said instead of the generic sentence; as it is where there was none,
/// or where a middleware chose another error.
[[nodiscard]] client::RpcError revealed(const Outcome& failed);

/// What comes of calling `run`, which gives a reply or throws.
template <class Run> [[nodiscard]] Outcome outcome_of(Run&& run) {
  try {
    return {.payload = run()};
  } catch (...) {
    return failure_of(std::current_exception());
  }
}

}  // namespace pocketmq::server
