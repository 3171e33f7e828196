// Waits on a loop's clock, so that a wait ends when a test advances the clock.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>

#include <asio/any_io_executor.hpp>

#include "client/values/callbacks.hpp"
#include "protocol/end/loop_clock.hpp"

namespace pocketmq::testkit {

/// Calls `done` at `deadline`, and with asio::error::operation_aborted if a stop is requested before. Only on a virtual
/// clock, which outlives the wait.
void sleep_until(protocol::LoopClock& clock, protocol::TimePoint deadline, const std::stop_token& stop,
                 client::Done<> done);

}  // namespace pocketmq::testkit
