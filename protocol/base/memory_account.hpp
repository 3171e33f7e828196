// An account of memory. An object that keeps bytes for a long time charges them to an account, and releases the charge
// when it frees the bytes.
#pragma once

#include <cassert>
#include <cstddef>
#include <utility>

namespace pocketmq::protocol {

/// Belongs to one thread. It must outlive all objects that are charged to it.
class MemoryAccount {
 public:
  MemoryAccount() = default;
  MemoryAccount(const MemoryAccount&) = delete;
  MemoryAccount& operator=(const MemoryAccount&) = delete;

  void charge(std::size_t bytes) { used_ += bytes; }
  void release(std::size_t bytes) {
    assert(bytes <= used_);
    used_ -= bytes;
    if (used_ < watched_) on_below_watched();
  }
  /// The bytes that are charged now.
  [[nodiscard]] std::size_t used() const { return used_; }

 protected:
  ~MemoryAccount() = default;

  /// `on_below_watched` is called after each release that leaves less than `bytes`; with 0, never.
  void watch(std::size_t bytes) { watched_ = bytes; }

 private:
  virtual void on_below_watched() {}

  std::size_t used_{0};
  std::size_t watched_{0};
};

/// Charges bytes as long as it lives. A copy charges them again.
class MemoryCharge {
 public:
  MemoryCharge() = default;
  MemoryCharge(MemoryAccount& account, std::size_t bytes) : account_{&account}, bytes_{bytes} { account.charge(bytes); }
  MemoryCharge(const MemoryCharge& other) : account_{other.account_}, bytes_{other.bytes_} {
    if (account_ != nullptr) account_->charge(bytes_);
  }
  MemoryCharge(MemoryCharge&& other) noexcept
      : account_{std::exchange(other.account_, nullptr)}, bytes_{other.bytes_} {}
  MemoryCharge& operator=(MemoryCharge other) noexcept {
    std::swap(account_, other.account_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~MemoryCharge() {
    if (account_ != nullptr) account_->release(bytes_);
  }

 private:
  MemoryAccount* account_{nullptr};
  std::size_t bytes_{0};
};

}  // namespace pocketmq::protocol
