#include "protocol/block.hpp"

#include <cassert>
#include <cstring>
#include <limits>
#include <new>

namespace pocketmq::protocol {
namespace {

constexpr std::size_t allocator_overhead = 16;

}  // namespace

Ref<Block> Block::allocate(std::size_t capacity) {
  assert(capacity <= std::numeric_limits<std::uint32_t>::max());
  return Ref<Block>{new (::operator new(sizeof(Block) + capacity)) Block{static_cast<std::uint32_t>(capacity)}};
}

Ref<Block> Block::grow(Ref<Block> block, std::size_t capacity) {
  assert(block.unique() && capacity >= block->capacity());
  auto larger = allocate(capacity);
  std::memcpy(larger->data(), block->data(), block->capacity());
  if (block->charged_to_ != nullptr) larger->charge_to(*block->charged_to_);
  return larger;
}

Block::~Block() {
  if (charged_to_ != nullptr) charged_to_->release(size_with_overhead());
}

void Block::recharge(MemoryAccount& account) {
  account.charge(size_with_overhead());
  if (charged_to_ != nullptr) charged_to_->release(size_with_overhead());
  charged_to_ = &account;
}

std::size_t Block::size_with_overhead() const { return allocator_overhead + sizeof(Block) + capacity_; }

void Block::destroy(Block* block) {
  block->~Block();
  ::operator delete(block);
}

}  // namespace pocketmq::protocol
