#include "protocol/base/block.hpp"

#include <cstring>

namespace pocketmq::protocol {

Ref<Block> Block::grow(Ref<Block> block, std::size_t capacity) {
  assert(block.unique() && capacity >= block->capacity());
  auto larger = allocate(capacity);
  std::memcpy(larger->data(), block->data(), block->capacity());
  if (block->charged_to_ != nullptr) larger->charge_to(*block->charged_to_);
  return larger;
}

}  // namespace pocketmq::protocol
