// A run of bytes with a reference count in one allocation. Message bodies are read into blocks, kept in them and sent
// from them.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>

#include "protocol/base/counted.hpp"
#include "protocol/base/memory_account.hpp"

namespace pocketmq::protocol {

class Block : public Counted<Block> {
 public:
  /// A new block of `capacity` uninitialised bytes, less than 4 GiB.
  [[nodiscard]] static Ref<Block> allocate(std::size_t capacity) {
    assert(capacity <= std::numeric_limits<std::uint32_t>::max());
    return Ref<Block>{new (::operator new(sizeof(Block) + capacity)) Block{static_cast<std::uint32_t>(capacity)}};
  }
  /// Returns a block with the same bytes, more room and the same account. `block` must be the only owner; views of its
  /// bytes become invalid.
  [[nodiscard]] static Ref<Block> grow(Ref<Block> block, std::size_t capacity);

  [[nodiscard]] char* data() { return reinterpret_cast<char*>(this + 1); }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

  /// Charges the block to that account, and to no other, until it is destroyed. Several owners may call this; the block
  /// is charged once.
  void charge_to(MemoryAccount& account) {
    if (charged_to_ != &account) recharge(account);
  }

  static void destroy(Block* block) {
    block->~Block();
    ::operator delete(block);
  }

 private:
  static constexpr std::size_t allocator_overhead = 16;

  explicit Block(std::uint32_t capacity) : capacity_{capacity} {}

  ~Block() {
    if (charged_to_ != nullptr) charged_to_->release(size_with_overhead());
  }
  void recharge(MemoryAccount& account) {
    account.charge(size_with_overhead());
    if (charged_to_ != nullptr) charged_to_->release(size_with_overhead());
    charged_to_ = &account;
  }
  [[nodiscard]] std::size_t size_with_overhead() const { return allocator_overhead + sizeof(Block) + capacity_; }

  std::uint32_t capacity_;
  MemoryAccount* charged_to_{nullptr};
};

}  // namespace pocketmq::protocol
