#include "protocol/block.hpp"

#include <cassert>
#include <cstring>
#include <new>

namespace pocketmq::protocol {

Ref<Block> Block::allocate(std::size_t capacity) {
  return Ref<Block>{new (::operator new(sizeof(Block) + capacity)) Block{capacity}};
}

Ref<Block> Block::grow(Ref<Block> block, std::size_t capacity) {
  assert(block.unique() && capacity >= block->capacity());
  auto larger = allocate(capacity);
  std::memcpy(larger->data(), block->data(), block->capacity());
  return larger;
}

void Block::destroy(Block* block) {
  block->~Block();
  ::operator delete(block);
}

}  // namespace pocketmq::protocol
