// Finds the clock of an event loop.
#pragma once

#include <concepts>

#include <asio/execution/context.hpp>
#include <asio/execution_context.hpp>
#include <asio/query.hpp>

#include "protocol/end/loop_clock.hpp"

namespace pocketmq::protocol {

/// The clock of all that runs in `context`. The context owns the clock, and the clock lives as long as the context.
/// This takes a lock: ask once, and keep the reference. From any thread.
[[nodiscard]] LoopClock& clock_of(asio::execution_context& context);

/// The clock of the event loop behind `executor`.
template <class Executor>
requires(!std::derived_from<Executor, asio::execution_context>)
    [[nodiscard]] LoopClock& clock_of(const Executor& executor) {
  return clock_of(asio::query(executor, asio::execution::context));
}

}  // namespace pocketmq::protocol
