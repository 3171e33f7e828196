#include "protocol/codec/input_buffer.hpp"

#include <algorithm>
#include <cstring>

namespace pocketmq::protocol {

std::span<std::byte> InputBuffer::prepare() {
  if (const auto room = initial_capacity_ / 4; capacity_ - received_ < room) {
    const auto kept = unread();
    const auto needed = kept.size() + room;
    // Doubling keeps the copying linear, and the memory within twice of what the peer has sent.
    const auto capacity = needed <= capacity_ / 2 ? capacity_ : std::max({initial_capacity_, needed, 2 * kept.size()});
    if (capacity == capacity_) {
      std::memmove(bytes_.get(), kept.data(), kept.size());
    } else {
      auto larger = std::make_unique_for_overwrite<char[]>(capacity);
      if (!kept.empty()) std::memcpy(larger.get(), kept.data(), kept.size());
      bytes_ = std::move(larger);
      charge_for(capacity);
      capacity_ = capacity;
    }
    received_ = kept.size();
    consumed_ = 0;
  }
  return std::as_writable_bytes(std::span{bytes_.get() + received_, capacity_ - received_});
}

void InputBuffer::commit(std::size_t bytes) {
  assert(bytes <= capacity_ - received_);
  received_ += bytes;
  if (received_ == capacity_)  // there may be more to read
    initial_capacity_ = std::min(4 * initial_capacity_, initial_capacity_max_);
}

void InputBuffer::release() {
  if (consumed_ != received_) return;
  bytes_.reset();
  charge_for(0);
  capacity_ = consumed_ = received_ = 0;
}

}  // namespace pocketmq::protocol
