// A message on its way to very many queues: it is handed over until the budget is used up, and goes on in another
// slice.
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
  /// `publish` is the publisher's number for it. `share` is what it holds.
  FanOut(Message message, std::uint64_t publish, std::vector<protocol::Ref<Queue>> queues, WidePublishes::Share share);

  /// Hands the message to the queues, for `publisher`, whose publish it is. Returns the rest of it if the budget is
  /// used up before that is done, otherwise nothing.
  [[nodiscard]] static std::unique_ptr<FanOut> begin(const Message& message, std::uint64_t publish,
                                                     const std::vector<Queue*>& queues, Publisher& publisher,
                                                     Context& context);

  /// Hands the message to as many queues as the budget allows, for `publisher`. Returns whether these were the last.
  /// Those that have been deleted in the meantime count as having accepted it.
  [[nodiscard]] bool go_on(Publisher& publisher, Budget& budget);

 private:
  Message message_;
  std::uint64_t publish_;
  std::vector<protocol::Ref<Queue>> left_;  // taken from the end
  WidePublishes::Share share_;
};

}  // namespace pocketmq::broker
