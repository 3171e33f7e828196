// Bytes received and not yet decoded. Holds no memory while it is empty; how much it begins with when it is not grows
// with what comes at once.
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
  /// Has room for that many bytes where as many come at once; for more only if they are not consumed.
  explicit InputBuffer(std::size_t at_once_bytes = Limits{}.input_at_once_bytes)
      : capacity_at_first_max_{at_once_bytes} {}
  InputBuffer(const InputBuffer&) = delete;
  InputBuffer& operator=(const InputBuffer&) = delete;
  ~InputBuffer() { charge_for(0); }

  /// From now on its memory is charged to `account`, which must outlive it. Only while it holds none.
  void charge_to(MemoryAccount& account) { account_ = &account; }

  /// At least `room_min_bytes` of free room. Ends the views that `unread()` gave.
  [[nodiscard]] std::span<std::byte> prepare();
  /// `bytes` of the room that `prepare()` gave have been filled.
  void commit(std::size_t bytes);

  /// What has come and was not consumed. Valid until the next `prepare()` or `release()`, also once consumed.
  [[nodiscard]] std::string_view unread() const { return {bytes_.get() + consumed_, received_ - consumed_}; }
  void consume(std::size_t bytes) {
    assert(bytes <= received_ - consumed_);
    consumed_ += bytes;
  }
  /// The last `bytes` that were consumed since `prepare()` are unread again.
  void give_back(std::size_t bytes) {
    assert(bytes <= consumed_);
    consumed_ -= bytes;
  }

  /// Gives the memory back if nothing is unread.
  void release();

  /// What comes is too large to pass through here: this begins small again.
  void expect_little() { capacity_at_first_ = capacity_at_first_min_bytes; }

  static constexpr std::size_t room_min_bytes = 256;

 private:
  static constexpr std::size_t capacity_at_first_min_bytes = 4 * room_min_bytes;

  void charge_for(std::size_t capacity) {
    if (account_ == nullptr) return;
    account_->charge(capacity);
    account_->release(capacity_);
  }

  MemoryAccount* account_{nullptr};
  std::size_t capacity_at_first_max_;
  // consumed_ <= received_ <= capacity_
  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_{0};
  std::size_t consumed_{0};
  std::size_t received_{0};
  std::size_t capacity_at_first_{capacity_at_first_min_bytes};
};

}  // namespace pocketmq::protocol
