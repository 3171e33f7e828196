// A channel's queue methods: declare, bind, unbind, purge, delete (AMQP 0-9-1, 1.7).
#pragma once

#include <string>
#include <string_view>

#include "broker/channel/channel_replies.hpp"
#include "broker/channel/channel_scope.hpp"

namespace pocketmq::broker {

/// Each function carries out a method of the client. It throws ChannelError or ConnectionError, and then nothing has
/// changed; or Unfinished, and then the method has to be carried out again in another slice.
class ChannelQueues {
 public:
  /// Both arguments must outlive it.
  ChannelQueues(ChannelScope& scope, ChannelReplies& replies) : scope_{scope}, replies_{replies} {}

  void declare(const protocol::queue::Declare& m);
  void bind(const protocol::queue::Bind& m);
  void unbind(const protocol::queue::Unbind& m);
  void purge(const protocol::queue::Purge& m);
  void remove(const protocol::queue::Delete& m);

 private:
  [[nodiscard]] Queue& declare_named(const protocol::queue::Declare& m);
  [[nodiscard]] std::string name_for_new(const protocol::queue::Declare& m) const;
  void require_dead_letter_permissions(const protocol::queue::Declare& m, std::string_view queue);
  /// ChannelError 403 unless the user may bind and unbind the queue and the exchange `source`. The default exchange
  /// cannot be bound.
  void require_may_bind(std::string_view source, std::string_view queue);
  [[nodiscard]] std::string_view resolve_routing_key(std::string_view queue, std::string_view routing_key) const;

  ChannelScope& scope_;
  ChannelReplies& replies_;
};

}  // namespace pocketmq::broker
