// Blocks until a result is there.
#pragma once

#include <chrono>
#include <future>
#include <utility>

#include "protocol/end/loop_clock.hpp"

namespace pocketmq::client {

/// Waits for `result`, which the loop of `clock` gives. On a virtual clock the waiting thread runs that loop meanwhile,
/// and an exception may come out: nothing refers to the caller's frame then, so the promise must not either.
template <class T> [[nodiscard]] T wait_for(std::future<T> result, const protocol::LoopClock& clock) {
  clock.drive_until([&] { return result.wait_for(std::chrono::seconds{0}) == std::future_status::ready; });
  return result.get();
}

}  // namespace pocketmq::client
