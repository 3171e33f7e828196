// Who published, as a queue sees it: told when a message is safe, or that it was refused.
#pragma once

#include <cstdint>

namespace pocketmq::broker {

class Publisher {
 public:
  /// A queue that took publish number `publish` of this publisher now has it. Called once for each queue that the
  /// message was routed to, at once or later; everything that a publisher waits for hangs on it.
  virtual void accepted(std::uint64_t publish) = 0;
  /// A queue refused it (x-overflow reject-publish): called in place of accepted, before `Queue::enqueue` returns.
  virtual void refused(std::uint64_t publish) = 0;

 protected:
  ~Publisher() = default;
};

}  // namespace pocketmq::broker
