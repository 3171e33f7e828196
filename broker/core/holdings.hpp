// What a connection holds for its client, and leaves behind when it goes.
#pragma once

#include <cstddef>

namespace pocketmq::broker {

struct Holdings {
  std::size_t consumers{0};         // they end
  std::size_t unacked{0};           // deliveries; they are requeued
  std::size_t uncommitted{0};       // publishes of open transactions; they are dropped
  std::size_t exclusive_queues{0};  // they are deleted; of very many, those that were deleted before count too
};

}  // namespace pocketmq::broker
