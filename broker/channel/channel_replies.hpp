// Direct reply-to on a channel: the requester consumes replies, its requests get a reply address, and replies are sent
// to it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "broker/channel/channel_deliveries.hpp"
#include "broker/channel/channel_scope.hpp"
#include "broker/channel/direct_reply.hpp"
#include "broker/core/holdings.hpp"

namespace pocketmq::broker {

class ChannelReplies final : private ReplyConsumer::Owner {
 public:
  /// Both arguments must outlive it.
  ChannelReplies(ChannelScope& scope, const ChannelDeliveries& deliveries) : scope_{scope}, deliveries_{deliveries} {}
  ChannelReplies(const ChannelReplies&) = delete;
  ChannelReplies& operator=(const ChannelReplies&) = delete;

  /// basic.consume from `amq.rabbitmq.reply-to`. ChannelError 406 if the client wants acks, or if the channel has a
  /// reply consumer already.
  void consume(const protocol::basic::Consume& m);
  /// Cancels the reply consumer if it has this tag. Returns whether it had this tag.
  bool cancel(std::string_view consumer_tag);
  /// queue.declare of `amq.rabbitmq.reply-to`, or of the name of a reply consumer. ChannelError 404 if no reply
  /// consumer has that name.
  void declare(const protocol::queue::Declare& m);
  /// The channel ends: no more replies are sent to it.
  void stop() { end_consumer(event::Gone::channel_ended); }

  /// Returns the properties, encoded, with the reply consumer's name as `reply_to`. ChannelError 406 without a reply
  /// consumer.
  [[nodiscard]] std::string address(protocol::Properties properties) const;
  /// The requester that the message's routing key names; null if there is none.
  [[nodiscard]] const ReplyConsumer* find_requester(const Message& message) const;
  /// Sends the replies that wait for the client to read, as long as there is room.
  void send_waiting();

  /// ConnectionError 541 for a name that looks like that of a reply consumer, but was not made by this broker.
  static void refuse_forged(std::string_view name);
  /// Null if there is none.
  [[nodiscard]] const ReplyConsumer* consumer() const { return consumer_.get(); }
  void add_to(Holdings& holdings) const { holdings.consumers += consumer_ ? 1 : 0; }

 private:
  void end_consumer(event::Gone reason);
  void take_reply(const Message& message) override;
  void send(const Message& message);

  ChannelScope& scope_;
  const ChannelDeliveries& deliveries_;
  std::unique_ptr<ReplyConsumer> consumer_;
};

}  // namespace pocketmq::broker
