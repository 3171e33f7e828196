// The publisher of a message, as a queue sees it: it is told whether the queue has accepted the message.
#pragma once

#include <cstdint>

namespace pocketmq::broker {

class Publisher {
 public:
  /// A queue has accepted publish number `publish`. Called once for each queue to which the message was routed, at once
  /// or later. Confirms and replies to the publisher depend on it.
  virtual void accepted(std::uint64_t publish) = 0;
  /// A queue refused the publish (x-overflow reject-publish). Called instead of `accepted`, before `Queue::enqueue`
  /// returns.
  virtual void refused(std::uint64_t publish) = 0;

 protected:
  ~Publisher() = default;
};

}  // namespace pocketmq::broker
