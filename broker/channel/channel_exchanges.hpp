// A channel's exchange methods: declare, bind, unbind, delete (AMQP 0-9-1, 1.6; bindings between exchanges are
// RabbitMQ's extension).
#pragma once

#include <string_view>

#include "broker/channel/channel_scope.hpp"

namespace pocketmq::broker {

/// Each function carries out a method of the client. It throws ChannelError or ConnectionError, and then nothing has
/// changed; or Unfinished, and then the method has to be carried out again in another slice.
class ChannelExchanges {
 public:
  /// `scope` outlives it.
  explicit ChannelExchanges(ChannelScope& scope) : scope_{scope} {}

  void declare(const protocol::exchange::Declare& m);
  void bind(const protocol::exchange::Bind& m);
  void unbind(const protocol::exchange::Unbind& m);
  void remove(const protocol::exchange::Delete& m);

 private:
  /// ChannelError 403 unless the user may bind and unbind the two exchanges. The default exchange cannot be bound.
  void require_may_bind(std::string_view source, std::string_view destination);

  ChannelScope& scope_;
};

}  // namespace pocketmq::broker
