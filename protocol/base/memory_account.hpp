// An account of memory: who holds bytes for long charges them to it, and releases as many when it lets go.
#pragma once

#include <cassert>
#include <cstddef>
#include <utility>

namespace pocketmq::protocol {

/// Belongs to one thread. Outlives whatever is charged to it.
class MemoryAccount {
 public:
  MemoryAccount() = default;
  MemoryAccount(const MemoryAccount&) = delete;
  MemoryAccount& operator=(const MemoryAccount&) = delete;

  void charge(std::size_t bytes) { used_ += bytes; }
  void release(std::size_t bytes) {
    assert(bytes <= used_);
    used_ -= bytes;
    if (used_ < watched_) fell();
  }
  /// Bytes that are held now.
  [[nodiscard]] std::size_t used() const { return used_; }

 protected:
  ~MemoryAccount() = default;

  /// `fell` is called at each release that leaves less than `bytes`; 0 for never.
  void watch(std::size_t bytes) { watched_ = bytes; }

 private:
  virtual void fell() {}

  std::size_t used_{0};
  std::size_t watched_{0};
};

/// Bytes that are charged as long as this lives. A copy is charged as well.
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
