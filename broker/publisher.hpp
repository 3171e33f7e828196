// Who published, as a queue sees it: told when a message is safe.
#pragma once

#include <cstdint>

namespace pocketmq::broker {

class Publisher {
 public:
  /// A queue that took publish number `publish` of this publisher now has it. Called once for each queue that the
  /// message was routed to; everything that a publisher waits for hangs on it.
  virtual void accepted(std::uint64_t publish) = 0;

 protected:
  ~Publisher() = default;
};

}  // namespace pocketmq::broker
