#include "broker/core/memory.hpp"

namespace pocketmq::broker {

void MemoryWaiter::wait_for_memory() {
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

void Memory::fell() {
  scarce_at_ = mark_;
  watch(0);
  for (auto* waiter : line_) waiter->memory_is_back();
}

}  // namespace pocketmq::broker
