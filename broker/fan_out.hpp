// A message on its way to very many queues: a slice of them gets it in a turn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "broker/message.hpp"
#include "broker/queue.hpp"
#include "protocol/counted.hpp"

namespace pocketmq::broker {

class FanOut {
 public:
  /// Above so many queues it is worth while.
  static constexpr std::size_t slice_max = 5'000;

  FanOut(Message message, std::uint64_t publish, const std::vector<Queue*>& queues);

  /// Hands the message to the next queues, for `publisher`, whose publish it is. Returns whether these were the last.
  /// Those that have been deleted in the meantime count as having accepted it.
  [[nodiscard]] bool go_on(Publisher& publisher);

 private:
  const Message message_;
  const std::uint64_t publish_;
  const std::vector<protocol::Ref<Queue>> queues_;
  std::size_t next_{0};
};

}  // namespace pocketmq::broker
