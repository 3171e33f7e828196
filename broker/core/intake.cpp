#include "broker/core/intake.hpp"

#include <utility>

namespace pocketmq::broker {
namespace {

// For who is admitted and sends nothing.
constexpr std::chrono::milliseconds patience{100};

}  // namespace

Intake::Intake(const Memory& memory, DeadlineHeap& deadlines, const Clock& clock)
    : memory_{memory}, clock_{clock}, due_{deadlines, *this, &Intake::patience_is_over} {}

bool Intake::admits(Guest& guest) {
  if (!memory_.is_crowded()) {
    if (is_busy()) leave(guest);
    return true;
  }
  if (admitted_ == nullptr || admitted_ == &guest) {
    leave_line(guest);
    admit(guest);
    return true;
  }
  if (!guest.place_) guest.place_ = line_.insert(line_.end(), &guest);
  return false;
}

void Intake::leave(Guest& guest) {
  leave_line(guest);
  if (admitted_ == &guest) admitted_ = nullptr;
  go_on();
}

void Intake::leave_line(Guest& guest) {
  if (guest.place_) line_.erase(*std::exchange(guest.place_, std::nullopt));
}

void Intake::admit(Guest& guest) {
  admitted_ = &guest;
  due_.set(clock_.now() + patience);
}

void Intake::go_on() {
  const bool is_crowded = memory_.is_crowded();
  while (!line_.empty() && (!is_crowded || admitted_ == nullptr)) {
    auto& next = *line_.front();
    leave_line(next);
    if (is_crowded) admit(next);
    next.called();
  }
  if (!is_crowded) admitted_ = nullptr;
  if (!is_busy()) due_.set(TimePoint::max());
}

// Where memory is flooded nobody else is admitted: one message more is what it holds beyond.
void Intake::patience_is_over() {
  if (!memory_.is_crowded() || !memory_.is_flooded()) admitted_ = nullptr;
  go_on();
  if (is_busy()) due_.set(clock_.now() + patience);
}

}  // namespace pocketmq::broker
