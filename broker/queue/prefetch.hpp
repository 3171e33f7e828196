// How many unacked deliveries a consumer may have, and how many it has. The consumer and its deliveries share the
// object. The deliveries may outlive the consumer.
#pragma once

#include <cstdint>

#include "protocol/base/counted.hpp"

namespace pocketmq::broker {

class Prefetch final : public protocol::Counted<Prefetch> {
 public:
  /// The consumer, as its prefetch sees it.
  class Owner {
   public:
    /// One of its deliveries is no longer unacked.
    virtual void on_prefetch_released() = 0;

   protected:
    ~Owner() = default;
  };

  /// `limit` 0 means no limit.
  Prefetch(Owner& consumer, std::uint16_t limit) : consumer_{&consumer}, limit_{limit} {}

  [[nodiscard]] bool allows() const { return limit_ == 0 || unacked_ < limit_; }
  [[nodiscard]] std::uint32_t unacked() const { return unacked_; }
  void take() { ++unacked_; }
  /// One delivery is no longer unacked. The consumer, if it still exists, may take another one.
  void release() {
    --unacked_;
    if (consumer_ != nullptr) consumer_->on_prefetch_released();
  }
  /// The consumer ends.
  void end() { consumer_ = nullptr; }

 private:
  Owner* consumer_;
  std::uint32_t unacked_{0};
  const std::uint16_t limit_;
};

}  // namespace pocketmq::broker
