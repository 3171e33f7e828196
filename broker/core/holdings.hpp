// What a connection holds for its client, and what happens to it when the connection ends.
#pragma once

#include <cstddef>

namespace pocketmq::broker {

struct Holdings {
  std::size_t consumers{0};         // they end
  std::size_t unacked{0};           // they are requeued
  std::size_t uncommitted{0};       // publishes of open transactions; they are dropped
  std::size_t exclusive_queues{0};  // they are deleted; the number may include queues that were deleted before
};

}  // namespace pocketmq::broker
