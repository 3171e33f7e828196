// Where replies go.
#pragma once

#include <cstdint>

namespace pocketmq::client {

/// Both are addressed by `reply_to`: servers see no difference.
enum class ReplyTo : std::uint8_t {
  callback_queue,  // an exclusive queue of the connection (RabbitMQ's sixth tutorial)
  direct,          // RabbitMQ's direct reply-to, without a queue
};

}  // namespace pocketmq::client
