#include "broker/events/event_ring.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace pocketmq::broker {
namespace {

using Size = std::uint32_t;

constexpr std::size_t block_max_bytes = 65'536;
constexpr std::size_t block_min_bytes = 1'024;
constexpr std::size_t blocks_min = 16;  // so that one block is a small part of the ring

std::size_t block_bytes_for(std::size_t max_bytes) {
  return std::clamp(max_bytes / blocks_min, std::min(block_min_bytes, max_bytes), block_max_bytes);
}

}  // namespace

EventRing::EventRing(protocol::MemoryAccount& account, std::size_t max_bytes)
    : account_{account}, max_bytes_{max_bytes}, block_bytes_{block_bytes_for(max_bytes)} {}

void EventRing::append(const Entry& entry) {
  assert(blocks_.empty() || blocks_.back().end_number == entry.number());
  auto* block = room_for(sizeof(Size) + stored_max_bytes(entry.event()));
  if (block == nullptr) return;
  auto* const begin = block->bytes.get() + block->used;
  const auto* const end = store(entry.time(), entry.event(), begin + sizeof(Size));
  const auto size = static_cast<Size>(end - begin) - static_cast<Size>(sizeof(Size));
  std::memcpy(begin, &size, sizeof size);
  block->used += sizeof size + size;
  if (block->first_number == 0) block->first_number = entry.number();
  block->end_number = entry.number() + 1;
}

// Null if the whole ring is smaller than `bytes`: the ring is empty then.
EventRing::Block* EventRing::room_for(std::size_t bytes) {
  if (!blocks_.empty() && blocks_.back().capacity - blocks_.back().used >= bytes) return &blocks_.back();
  const auto capacity = std::max(block_bytes_, bytes);
  while (!blocks_.empty() && bytes_ + capacity > max_bytes_) drop_oldest();
  if (capacity > max_bytes_) return nullptr;
  bytes_ += capacity;
  return &blocks_.emplace_back(Block{
      .bytes = std::make_unique_for_overwrite<char[]>(capacity), .capacity = capacity, .charge = {account_, capacity}});
}

void EventRing::drop_oldest() {
  bytes_ -= blocks_.front().capacity;
  blocks_.pop_front();
}

std::uint64_t EventRing::read(std::uint64_t from, std::size_t max_events, const LookAtEvent& look) const {
  const auto starts_behind = [](std::uint64_t number, const Block& block) { return number < block.first_number; };
  auto block = std::upper_bound(blocks_.begin(), blocks_.end(), from, starts_behind);
  if (block != blocks_.begin()) --block;
  for (auto next = from; block != blocks_.end(); ++block) {
    auto number = block->first_number;
    for (std::size_t at = 0; at < block->used; ++number) {
      Size size = 0;
      std::memcpy(&size, block->bytes.get() + at, sizeof size);
      at += sizeof size;
      if (number >= next) {
        if (max_events-- == 0) return number;
        look_at_stored(number, {block->bytes.get() + at, size}, look);
        next = number + 1;
      }
      at += size;
    }
    from = std::max(from, next);
  }
  return from;
}

}  // namespace pocketmq::broker
