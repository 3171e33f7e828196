#include "broker/core/intake.hpp"

#include <algorithm>
#include <utility>

namespace pocketmq::broker {
namespace {

// For who is admitted and sends nothing.
constexpr std::chrono::milliseconds patience{100};

constexpr std::uint64_t little_max_bytes = 131'072;
constexpr std::size_t little_max_of_mark = 256;  // a part of that many

}  // namespace

Intake::Intake(const Memory& memory, DeadlineHeap& deadlines, const Clock& clock)
    : memory_{memory}, clock_{clock}, due_{deadlines, *this, &Intake::patience_is_over} {}

bool Intake::is_little(std::uint64_t left_bytes) const {
  return left_bytes <= std::min<std::uint64_t>(little_max_bytes, memory_.mark() / little_max_of_mark);
}

bool Intake::admits(Reader& reader, std::uint64_t left_bytes) {
  if (!memory_.is_crowded() || (is_little(left_bytes) && !memory_.is_flooded())) {
    reader.has_read_all();
    return true;
  }
  leave_line(reader);
  reader.rank_.left_bytes = left_bytes;
  const bool comes_first =
      admitted_ == nullptr || admitted_ == &reader || (reader.rank_ < admitted_->rank_ && !memory_.is_packed());
  if (comes_first)
    admit(reader);
  else
    reader.line_position_ = line_.emplace(reader.rank_, &reader);
  return comes_first;
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
  due_.set(clock_.now() + patience);
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

void Intake::patience_is_over() {
  if (admitted_ != nullptr && memory_.is_crowded() && !memory_.is_packed()) {
    admitted_->rank_.has_wasted_its_turn = true;
    admitted_ = nullptr;
  }
  go_on();
  if (is_busy()) due_.set(clock_.now() + patience);
}

}  // namespace pocketmq::broker
