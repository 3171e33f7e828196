// Bytes that were received and not decoded yet. An empty buffer holds no memory. Its first capacity grows with the
// amount that comes at once.
#pragma once

#include <cassert>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "protocol/base/memory_account.hpp"
#include "protocol/vocabulary/limits.hpp"

namespace pocketmq::protocol {

class InputBuffer {
 public:
  /// If many bytes come at once, it has room for up to `at_once_bytes`. It gets more room only while bytes stay
  /// unconsumed.
  explicit InputBuffer(std::size_t at_once_bytes = Limits{}.input_at_once_bytes)
      : initial_capacity_max_{at_once_bytes} {}
  InputBuffer(const InputBuffer&) = delete;
  InputBuffer& operator=(const InputBuffer&) = delete;
  ~InputBuffer() { charge_for(0); }

  /// Charges its memory to `account`, which must outlive it. Call it only while the buffer holds no memory.
  void charge_to(MemoryAccount& account) { account_ = &account; }

  /// Returns at least `room_min_bytes` of free room. Views from `unread()` become invalid.
  [[nodiscard]] std::span<std::byte> prepare();
  /// `bytes` bytes of the room that `prepare()` returned are filled.
  void commit(std::size_t bytes);

  /// The bytes that were not consumed. Valid until the next `prepare()` or `release()`, even after they were consumed.
  [[nodiscard]] std::string_view unread() const { return {bytes_.get() + consumed_, received_ - consumed_}; }
  void consume(std::size_t bytes) {
    assert(bytes <= received_ - consumed_);
    consumed_ += bytes;
  }
  /// Makes the last `bytes` bytes that were consumed since `prepare()` unread again.
  void put_back(std::size_t bytes) {
    assert(bytes <= consumed_);
    consumed_ -= bytes;
  }

  /// Frees the memory if no bytes are unread.
  void release();

  /// The next bytes are read elsewhere, since they are too many for the buffer. Its capacity begins small again.
  void begin_small() { initial_capacity_ = initial_capacity_min_bytes; }

  static constexpr std::size_t room_min_bytes = 256;

 private:
  static constexpr std::size_t initial_capacity_min_bytes = 4 * room_min_bytes;

  void charge_for(std::size_t capacity) {
    if (account_ == nullptr) return;
    account_->charge(capacity);
    account_->release(capacity_);
  }

  MemoryAccount* account_{nullptr};
  std::size_t initial_capacity_max_;
  // consumed_ <= received_ <= capacity_
  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_{0};
  std::size_t consumed_{0};
  std::size_t received_{0};
  std::size_t initial_capacity_{initial_capacity_min_bytes};
};

}  // namespace pocketmq::protocol
