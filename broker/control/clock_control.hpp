// Controls a broker's clock, for tests: freezes it, lets it run, and sets it ahead, deadline by deadline.
//
// Only what the broker keeps for clients goes by this clock (core/clock.hpp): expiry of messages and queues, ack
// timeouts, timestamps. Connections go by the real time, and so do the clients' own timers.
#pragma once

#include <chrono>
#include <deque>
#include <optional>

#include "broker/core/backlog.hpp"
#include "broker/core/clock.hpp"
#include "protocol/base/move_only_function.hpp"

namespace pocketmq::broker {

class Context;

/// All calls are made on the broker's thread.
class ClockControl {
 public:
  /// The most that one advance may take.
  static constexpr std::chrono::hours advance_max{24 * 365 * 100};

  /// `context` outlives it.
  explicit ClockControl(Context& context);
  ClockControl(const ClockControl&) = delete;
  ClockControl& operator=(const ClockControl&) = delete;

  /// The broker's time.
  [[nodiscard]] TimePoint now() const;
  [[nodiscard]] bool is_frozen() const;
  /// Freezes the broker's clock: until `run` only `advance` changes it. `real` is the real time now.
  void freeze(TimePoint real);
  /// Lets the broker's clock go on with the real time, from where it stands. `real` is the real time now.
  void run(TimePoint real);

  /// Sets the broker's clock ahead. The clock goes from deadline to deadline, in order. At each deadline the clock
  /// shows that time, and everything that follows from the deadline is done before the clock goes on. So each expiry
  /// happens at its own time. A frozen clock stays frozen. This takes place in later turns of the broker, and the last
  /// of them calls `done`. An advance begins when the one before is done. If the broker ends before, `done` is not
  /// called. Throws std::invalid_argument for a time that is negative or longer than `advance_max`.
  void advance(std::chrono::nanoseconds time, protocol::MoveOnlyFunction<void()> done);

 private:
  struct Advance {
    std::chrono::nanoseconds time;
    protocol::MoveOnlyFunction<void()> done;
    std::optional<TimePoint> until{};  // empty until the advance has begun
  };

  [[nodiscard]] bool go_on();
  [[nodiscard]] bool go_on_with(Advance& advance);

  Context& context_;
  std::deque<Advance> advances_;
  Backlog::Call<ClockControl> advancing_;
};

}  // namespace pocketmq::broker
