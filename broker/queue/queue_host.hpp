// What a queue asks of the virtual host it is in.
#pragma once

#include "broker/message/message.hpp"
#include "broker/message/x_death.hpp"

namespace pocketmq::broker {

class Queue;

class QueueHost {
 public:
  /// The queue gave a message up that its dead-letter exchange is to have. Nothing is published before this returns.
  virtual void take_dead_letter(Queue& from, Message message, DeathReason reason) = 0;
  /// Nobody uses the queue any more (auto-delete, x-expires): it is to be deleted, and may be gone when this returns.
  virtual void remove_unused(Queue& queue) = 0;

 protected:
  ~QueueHost() = default;
};

}  // namespace pocketmq::broker
