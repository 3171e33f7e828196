// Enqueues one message in very many queues: until the budget is used up, then in further slices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "broker/core/context.hpp"
#include "broker/message/message.hpp"
#include "broker/queue/queue.hpp"
#include "protocol/base/counted.hpp"

namespace pocketmq::broker {

class Publisher;

class FanOut {
 public:
  /// `publish` is the publisher's number of this publish. `share` is charged for what the object holds.
  FanOut(Message message, std::uint64_t publish, std::vector<protocol::Ref<Queue>> queues, WidePublishes::Share share);

  /// Enqueues the message in `queues`. `publish` is `publisher`'s number of this publish. If the budget is used up
  /// before all queues have it, returns the rest of the work, otherwise null.
  [[nodiscard]] static std::unique_ptr<FanOut> begin(const Message& message, std::uint64_t publish,
                                                     const std::vector<Queue*>& queues, Publisher& publisher,
                                                     Context& context);

  /// Enqueues the message in as many of the remaining queues as the budget allows. Returns whether all are done. A
  /// queue that has been deleted meanwhile counts as having accepted the message, which is dropped.
  [[nodiscard]] bool go_on(Publisher& publisher, Budget& budget);

 private:
  Message message_;
  std::uint64_t publish_;
  std::vector<protocol::Ref<Queue>> left_;  // taken from the end
  WidePublishes::Share share_;
};

}  // namespace pocketmq::broker
