// What came of a request, and who is told.
#pragma once

#include <exception>
#include <optional>

#include "client/move_only_function.hpp"
#include "client/rpc_error.hpp"
#include "client/rpc_request.hpp"

namespace pocketmq::server {

/// A reply (without meaning for a stream, which is just over), or the error that its caller gets.
struct Outcome {
  client::Payload payload{};
  std::optional<client::RpcError> error{};
};

/// Called once, from any thread. The request's Context is gone then.
using Answered = client::MoveOnlyFunction<void(Outcome)>;

/// What a handler threw, as its caller is told: an RpcError is itself, an operation that Asio cancelled is `cancelled`,
/// anything else `internal`, with `what()`.
[[nodiscard]] client::RpcError to_rpc_error(const std::exception_ptr& thrown);

/// What comes of calling `run`, which gives a reply or throws.
template <class Run> [[nodiscard]] Outcome outcome_of(Run&& run) {
  try {
    return {.payload = run()};
  } catch (...) {
    return {.error = to_rpc_error(std::current_exception())};
  }
}

}  // namespace pocketmq::server
