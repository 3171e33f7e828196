#include "broker/control/clock_control.hpp"

#include <stdexcept>
#include <utility>

#include "broker/core/context.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::size_t steps_for_a_deadline = 50;

}  // namespace

ClockControl::ClockControl(Context& context)
    : context_{context}, advancing_{context.backlog(), *this, &ClockControl::go_on} {}

TimePoint ClockControl::now() const { return context_.clock().now(); }

bool ClockControl::is_frozen() const { return context_.clock().is_frozen(); }

void ClockControl::freeze(TimePoint real) {
  context_.clock().observe(real);
  context_.clock().freeze();
  context_.journal().tell(event::ClockFrozen{});
}

void ClockControl::run(TimePoint real) {
  context_.clock().observe(real);
  context_.clock().run();
  context_.journal().tell(event::ClockReleased{});
}

void ClockControl::advance(std::chrono::nanoseconds time, protocol::MoveOnlyFunction<void()> done) {
  if (time.count() < 0 || time > advance_max)
    throw std::invalid_argument{"the clock cannot be advanced by " + std::to_string(time.count())
                                + " ns: give a time from 0 to 100 years"};
  advances_.push_back({time, std::move(done)});
  advancing_.wait_for_quiet();
}

bool ClockControl::go_on() {
  while (!advances_.empty()) {
    if (!go_on_with(advances_.front())) return false;
    auto advance = std::move(advances_.front());
    advances_.pop_front();
    advance.done();
  }
  return true;
}

// The clock goes on only when the backlog is empty: then everything that followed from the last deadline is done.
bool ClockControl::go_on_with(Advance& advance) {
  auto& clock = context_.clock();
  auto& deadlines = context_.deadlines();
  auto& budget = context_.budget();
  if (!advance.until) {
    advance.until = clock.now() + advance.time;
    const auto by = std::chrono::floor<std::chrono::milliseconds>(advance.time);
    context_.journal().tell(event::ClockMoved{.by_ms = static_cast<std::uint64_t>(by.count())});
  }
  while (context_.backlog().is_empty() && !budget.is_used_up()) {
    budget.use(steps_for_a_deadline);
    const auto next = deadlines.earliest();
    if (next > *advance.until) {
      clock.advance_to(*advance.until);
      return true;
    }
    clock.advance_to(next);
    deadlines.tell_due(clock.now(), budget);
  }
  return false;
}

}  // namespace pocketmq::broker
