#include "broker/core/memory.hpp"

namespace pocketmq::broker {

void MemoryWaiter::wait_for_memory() {
  const bool is_first = memory_.scarce_at_ == memory_.mark_;
  if (is_first && memory_.listener_ != nullptr) memory_.listener_->on_scarce();
  memory_.scarce_at_ = memory_.low_mark();
  memory_.watch(memory_.low_mark());
  if (!line_position_) line_position_ = memory_.line_.insert(memory_.line_.end(), this);
}

void MemoryWaiter::wait_no_more() {
  if (line_position_) memory_.line_.erase(*line_position_);
  line_position_.reset();
}

std::string Memory::describe() const {
  return "the broker holds " + std::to_string(used()) + " bytes; its memory limit is " + std::to_string(mark_);
}

void Memory::on_below_watched() {
  scarce_at_ = mark_;
  watch(0);
  if (listener_ != nullptr) listener_->on_freed();
  for (auto* waiter : line_) waiter->memory_is_back();
}

}  // namespace pocketmq::broker
