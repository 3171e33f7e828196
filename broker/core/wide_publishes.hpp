// The memory of publishes to very many queues while they pause: the queues that their searches have found, and those
// that still have to get the message. It is charged to the memory.
//
// All of them together have a share of the memory: an eighth of the mark. If the share is full, one publish at a time
// may grow until it is finished, and the others wait for it. A publish that holds little never waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "broker/core/memory.hpp"

namespace pocketmq::broker {

class WidePublishes {
 public:
  /// `memory` must outlive it.
  explicit WidePublishes(Memory& memory) : memory_{memory} {}
  WidePublishes(const WidePublishes&) = delete;
  WidePublishes& operator=(const WidePublishes&) = delete;

  /// Whether a new publish may hold `bytes`.
  [[nodiscard]] bool has_room_for(std::size_t bytes) const {
    return bytes <= always_allowed_bytes || used_ + bytes < memory_.mark() / 8 || exempt_ == nobody;
  }

  /// The memory of one publish, until the object is destroyed.
  class Share {
   public:
    explicit Share(WidePublishes& all) : all_{&all}, number_{++all.shares_} {}
    Share(Share&& other) noexcept
        : all_{std::exchange(other.all_, nullptr)}, number_{other.number_}, bytes_{other.bytes_} {}
    Share& operator=(Share&&) = delete;
    ~Share() {
      if (all_ != nullptr) all_->remove(number_, bytes_);
    }

    /// The publish holds `bytes` from now on.
    void set_bytes(std::size_t bytes) {
      all_->change(bytes_, bytes);
      if (bytes > always_allowed_bytes && all_->is_full() && all_->exempt_ == nobody) all_->exempt_ = number_;
      bytes_ = bytes;
    }
    /// Whether the publish may grow to `bytes`. If not, it has to wait.
    [[nodiscard]] bool may_grow_to(std::size_t bytes) const {
      return all_->exempt_ == number_ || all_->has_room_for(bytes);
    }
    /// Whether the publish may grow.
    [[nodiscard]] bool may_grow() const {
      return bytes_ < always_allowed_bytes || !all_->is_full() || may_exceed_share();
    }

   private:
    [[nodiscard]] bool may_exceed_share() const { return all_->exempt_ == nobody || all_->exempt_ == number_; }

    WidePublishes* all_;
    const std::uint64_t number_;
    std::size_t bytes_{0};
  };

 private:
  static constexpr std::size_t always_allowed_bytes = 4'096;
  static constexpr std::uint64_t nobody = 0;

  [[nodiscard]] bool is_full() const { return used_ >= memory_.mark() / 8; }
  void change(std::size_t from, std::size_t to) {
    if (to > from)
      memory_.charge(to - from);
    else
      memory_.release(from - to);
    used_ += to - from;
  }
  void remove(std::uint64_t number, std::size_t bytes) {
    change(bytes, 0);
    if (exempt_ == number) exempt_ = nobody;
  }

  Memory& memory_;
  std::size_t used_{0};
  std::uint64_t shares_{0};       // how many there have been
  std::uint64_t exempt_{nobody};  // the only one that may grow while the share is full
};

}  // namespace pocketmq::broker
