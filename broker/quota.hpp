// How many of a kind there may be in a broker, and how many there are.
#pragma once

#include <cstddef>

namespace pocketmq::broker {

class Quota {
 public:
  explicit Quota(std::size_t limit) : limit_{limit} {}
  Quota(const Quota&) = delete;
  Quota& operator=(const Quota&) = delete;

  [[nodiscard]] std::size_t limit() const { return limit_; }
  /// Whether there may not be one more. Ask before making one.
  [[nodiscard]] bool is_used_up() const { return used_ >= limit_; }

  /// A member of what is counted: one of the kind is there as long as this is.
  class Place {
   public:
    explicit Place(Quota& quota) : quota_{quota} { ++quota_.used_; }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { --quota_.used_; }

   private:
    Quota& quota_;
  };

 private:
  const std::size_t limit_;
  std::size_t used_{0};
};

/// The quotas of a broker.
struct Quotas {
  Quota connections;
  Quota queues;
  Quota consumers;
  Quota bindings;
};

}  // namespace pocketmq::broker
