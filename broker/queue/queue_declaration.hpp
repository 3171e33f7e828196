// A queue as it was declared (queue.declare, AMQP 0-9-1 1.7.2.1).
#pragma once

#include <cstdint>
#include <string>

#include "broker/queue/queue_arguments.hpp"

namespace pocketmq::broker {

struct QueueDeclaration {
  std::string name;
  bool durable{false};
  bool auto_delete{false};
  std::uint64_t owner{0};  // the only session's number, if the queue is exclusive; otherwise 0
  QueueArguments arguments{};
};

}  // namespace pocketmq::broker
