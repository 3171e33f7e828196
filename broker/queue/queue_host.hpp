// What a queue needs from its virtual host.
#pragma once

#include <string>

#include "broker/message/message.hpp"
#include "broker/message/x_death.hpp"

namespace pocketmq::broker {

class Queue;

class QueueHost {
 public:
  /// The name of the virtual host.
  [[nodiscard]] virtual const std::string& name() const = 0;
  /// The message is to be published to the queue's dead-letter exchange. The host must not publish before this call
  /// returns.
  virtual void take_dead_letter(Queue& from, Message message, DeathReason reason) = 0;
  /// The queue is unused and is to be deleted: `reason` is auto_delete or expired. The queue may be destroyed when this
  /// returns.
  virtual void remove_unused(Queue& queue, event::Gone reason) = 0;

 protected:
  ~QueueHost() = default;
};

}  // namespace pocketmq::broker
