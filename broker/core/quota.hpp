// How many of a kind there may be in a broker, and how many there are. What they take is charged as objects of the
// memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "broker/core/memory.hpp"

namespace pocketmq::broker {

class Quota {
 public:
  /// Each is charged as `bytes_each` to `memory`, which outlives the quota.
  Quota(std::size_t limit, Memory& memory, std::size_t bytes_each)
      : limit_{limit}, bytes_each_{bytes_each}, memory_{memory} {}
  Quota(const Quota&) = delete;
  Quota& operator=(const Quota&) = delete;

  [[nodiscard]] std::size_t limit() const { return limit_; }
  /// Whether there may not be one more, or that many more. Ask before making them.
  [[nodiscard]] bool is_used_up(std::size_t amount = 1) const { return used_ >= limit_ || limit_ - used_ < amount; }

  /// A member of what is counted: one of the kind, or as many as it says, is there as long as this is.
  class Use {
   public:
    /// `more_bytes` are charged beside those that each takes.
    explicit Use(Quota& quota, std::size_t amount = 1, std::size_t more_bytes = 0)
        : quota_{quota},
          amount_{static_cast<std::uint32_t>(amount)},
          bytes_{static_cast<std::uint32_t>(amount * quota.bytes_each_ + more_bytes)} {
      quota_.used_ += amount_;
      quota_.memory_.charge_object(bytes_);
    }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use() {
      quota_.used_ -= amount_;
      quota_.memory_.release_object(bytes_);
    }

   private:
    Quota& quota_;
    const std::uint32_t amount_;
    const std::uint32_t bytes_;
  };

 private:
  const std::size_t limit_;
  const std::size_t bytes_each_;
  Memory& memory_;
  std::size_t used_{0};
};

/// The quotas of a broker.
struct Quotas {
  Quota connections;
  Quota channels;  // without a limit of their own
  Quota queues;
  Quota exchanges;
  Quota consumers;
  Quota bindings;
  Quota argument_bytes;  // that queues, exchanges and bindings keep
};

}  // namespace pocketmq::broker
