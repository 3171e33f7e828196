// The outcome of a request, and the callback that takes it.
#pragma once

#include <exception>
#include <optional>
#include <string>

#include "client/values/callbacks.hpp"
#include "client/values/rpc_error.hpp"
#include "client/values/rpc_request.hpp"

namespace pocketmq::server {

/// A reply, or the error that the caller gets. The reply to a stream's request has no meaning: the stream is over.
struct Outcome {
  client::Payload payload{};
  std::optional<client::RpcError> error{};
  /// For the server's log: the text of the handler's exception, if that was no RpcError. `error` has a generic sentence
  /// instead, because the text may be confidential.
  std::string exception{};
};

/// Called once, from any thread. After the call the request's Context may be gone.
using Answered = client::MoveOnlyFunction<void(Outcome)>;

/// The outcome for an exception: an RpcError is itself, an operation that Asio cancelled is `cancelled`, anything else
/// is `internal`.
[[nodiscard]] Outcome failure_of(const std::exception_ptr& thrown);

/// The error of an outcome, with the exception's text in place of the generic sentence. Unchanged if there was no
/// exception, or if a middleware chose another error.
[[nodiscard]] client::RpcError revealed(const Outcome& failed);

/// The outcome of calling `run`, which returns a reply or throws.
template <class Run> [[nodiscard]] Outcome outcome_of(Run&& run) {
  try {
    return {.payload = run()};
  } catch (...) {
    return failure_of(std::current_exception());
  }
}

}  // namespace pocketmq::server
