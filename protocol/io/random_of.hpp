// Finds the random numbers of an event loop.
#pragma once

#include <concepts>

#include <asio/execution/context.hpp>
#include <asio/execution_context.hpp>
#include <asio/query.hpp>

#include "protocol/end/loop_random.hpp"

namespace pocketmq::protocol {

/// The random numbers of all that runs in `context`. They live as long as the context.
/// This takes a lock: ask once, and keep the reference. From any thread.
[[nodiscard]] LoopRandom& random_of(asio::execution_context& context);

/// Those of the event loop behind `executor`.
template <class Executor>
requires(!std::derived_from<Executor, asio::execution_context>)
    [[nodiscard]] LoopRandom& random_of(const Executor& executor) {
  return random_of(asio::query(executor, asio::execution::context));
}

}  // namespace pocketmq::protocol
