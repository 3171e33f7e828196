// Control of a broker's clock, for tests: it stands still, goes on, and is set ahead deadline by deadline.
//
// Only what is kept for clients goes by this clock (core/clock.hpp): expiry of messages and queues, ack timeouts,
// timestamps. Connections go by the real time, and so do the clients' own timers.
#pragma once

#include <chrono>
#include <deque>
#include <optional>

#include "broker/core/backlog.hpp"
#include "broker/core/clock.hpp"
#include "protocol/base/move_only_function.hpp"

namespace pocketmq::broker {

class Context;

/// Belongs to the broker's thread.
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
  /// The broker's time stands still until `run` or `advance`. `real` is the real time now.
  void freeze(TimePoint real);
  /// The broker's time goes on with the real one, which is `real` now, from where it stands.
  void run(TimePoint real);

  /// Sets the broker's time ahead. It goes from deadline to deadline, in order: at each the clock shows that time, and
  /// all that follows from it is done before the clock goes on. So each expiry happens at its own moment. A frozen
  /// clock stays frozen. It is done in later turns of the broker, the last of which calls `done`; an advance begins
  /// when the one before is done. `done` is dropped if the broker ends before. Throws std::invalid_argument for a time
  /// that is negative or longer than `advance_max`.
  void advance(std::chrono::nanoseconds time, protocol::MoveOnlyFunction<void()> done);

 private:
  struct Advance {
    std::chrono::nanoseconds time;
    protocol::MoveOnlyFunction<void()> done;
    std::optional<TimePoint> until{};  // once it has begun
  };

  [[nodiscard]] bool go_on();
  [[nodiscard]] bool go_on_with(Advance& advance);

  Context& context_;
  std::deque<Advance> advances_;
  Backlog::Call<ClockControl> advancing_;
};

}  // namespace pocketmq::broker
