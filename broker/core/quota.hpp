// How many objects of a kind a broker may have, and how many it has. Their memory is charged as objects.
#pragma once

#include <cstddef>
#include <cstdint>

#include "broker/core/memory.hpp"

namespace pocketmq::broker {

class Quota {
 public:
  /// Each object is charged as `bytes_each` to `memory`, which must outlive the quota.
  Quota(std::size_t limit, Memory& memory, std::size_t bytes_each)
      : limit_{limit}, bytes_each_{bytes_each}, memory_{memory} {}
  Quota(const Quota&) = delete;
  Quota& operator=(const Quota&) = delete;

  [[nodiscard]] std::size_t limit() const { return limit_; }
  [[nodiscard]] std::size_t used() const { return used_; }
  /// Whether there is no room for `amount` more. Ask before adding them.
  [[nodiscard]] bool is_used_up(std::size_t amount = 1) const { return used_ >= limit_ || limit_ - used_ < amount; }

  /// Counts `amount` objects as long as it lives. It is a member of the object that is counted.
  class Use {
   public:
    /// `more_bytes` are charged in addition to `bytes_each`.
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
  Quota channels;  // no limit, only counted
  Quota queues;
  Quota exchanges;
  Quota consumers;
  Quota bindings;
  Quota argument_bytes;  // of queues, exchanges and bindings
};

}  // namespace pocketmq::broker
