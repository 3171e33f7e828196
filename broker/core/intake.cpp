#include "broker/core/intake.hpp"

#include <algorithm>
#include <utility>

namespace pocketmq::broker {
namespace {

// How long the admitted reader may send nothing.
constexpr std::chrono::milliseconds idle_max{100};

constexpr std::uint64_t small_rest_max_bytes = 131'072;
constexpr std::size_t small_rest_of_mark = 256;  // left_bytes may be 1/256 of the mark

}  // namespace

Intake::Intake(const Memory& memory, DeadlineHeap& deadlines, const Clock& clock)
    : memory_{memory}, clock_{clock}, due_{deadlines, *this, &Intake::admit_next_if_idle} {}

bool Intake::is_small_rest(std::uint64_t left_bytes) const {
  return left_bytes <= std::min<std::uint64_t>(small_rest_max_bytes, memory_.mark() / small_rest_of_mark);
}

bool Intake::admits(Reader& reader, std::uint64_t left_bytes) {
  if (!memory_.is_crowded() || (is_small_rest(left_bytes) && !memory_.is_flooded())) {
    reader.has_read_all();
    return true;
  }
  leave_line(reader);
  reader.order_.left_bytes = left_bytes;
  const bool is_admitted =
      admitted_ == nullptr || admitted_ == &reader || (reader.order_ < admitted_->order_ && !memory_.is_packed());
  if (is_admitted)
    admit(reader);
  else
    reader.line_position_ = line_.emplace(reader.order_, &reader);
  return is_admitted;
}

void Intake::leave(Reader& reader) {
  leave_line(reader);
  if (admitted_ == &reader) admitted_ = nullptr;
  go_on();
}

void Intake::leave_line(Reader& reader) {
  if (reader.line_position_) line_.erase(*std::exchange(reader.line_position_, std::nullopt));
}

void Intake::admit(Reader& reader) {
  admitted_ = &reader;
  due_.set(clock_.real_now() + idle_max);
}

void Intake::go_on() {
  const bool is_crowded = memory_.is_crowded();
  while (!line_.empty() && (!is_crowded || admitted_ == nullptr)) {
    auto& next = *line_.begin()->second;
    leave_line(next);
    if (is_crowded) admit(next);
    next.on_admitted();
  }
  if (!is_crowded) admitted_ = nullptr;
  if (!is_busy()) due_.set(TimePoint::max());
}

void Intake::admit_next_if_idle() {
  if (admitted_ != nullptr && memory_.is_crowded() && !memory_.is_packed()) {
    admitted_->order_.was_idle = true;
    admitted_ = nullptr;
  }
  go_on();
  if (is_busy()) due_.set(clock_.real_now() + idle_max);
}

}  // namespace pocketmq::broker
