// A channel's part in direct reply-to: the requester consumes, addresses its requests and is given its replies.

#include "broker/session/channel.hpp"

namespace pocketmq::broker {

namespace basic = protocol::basic;
namespace queue = protocol::queue;

void Channel::consume_replies(const basic::Consume& m) {
  if (!m.no_ack) throw ChannelError{ReplyCode::precondition_failed, "reply consumer cannot acknowledge"};
  if (reply_consumer_) throw ChannelError{ReplyCode::precondition_failed, "reply consumer already set"};
  auto tag = m.consumer_tag.empty() ? context_.unique_name("amq.ctag-") : std::string{m.consumer_tag};
  ReplyConsumer::Owner& owner = *this;
  reply_consumer_ = std::make_unique<ReplyConsumer>(owner, session_.direct_replies(), std::move(tag),
                                                    DirectReplies::name_with(context_.unique_name("")));
  reply(m, basic::ConsumeOk{.consumer_tag = reply_consumer_->tag()});
}

void Channel::declare_reply_queue(const queue::Declare& m) {
  refuse_forged(m.queue);
  if (m.queue != direct_reply_queue && session_.direct_replies().find(m.queue) == nullptr)
    throw ChannelError{ReplyCode::not_found, "no " + virtual_host().describe_queue(m.queue)};
  last_declared_ = m.queue;
  reply(m, queue::DeclareOk{.queue = m.queue, .message_count = 0, .consumer_count = 1});
}

void Channel::refuse_forged(std::string_view name) {
  if (!DirectReplies::is_forged(name)) return;
  throw ConnectionError{ReplyCode::internal_error,
                        "'" + std::string{name} + "' is not a name that this broker gave for replies"};
}

std::string Channel::address_replies(protocol::Properties properties) const {
  if (!reply_consumer_) throw ChannelError{ReplyCode::precondition_failed, "fast reply consumer does not exist"};
  auto addressed = properties.decode();
  addressed.reply_to = reply_consumer_->name();
  std::string encoded;
  encode(addressed, encoded);
  return encoded;
}

bool Channel::deliver_reply(const Message& message) {
  const auto* requester = session_.direct_replies().find(message.routing_key());
  if (requester == nullptr) return false;
  requester->take(message);
  return true;
}

void Channel::take_reply(const Message& message) {
  if (!reply_consumer_->has_waiting() && session_.has_room_for_output()) return send_reply(message);
  if (!reply_consumer_->keep(message)) context_.tell(&Observer::on_dropped, message);
}

void Channel::send_waiting_replies() {
  while (reply_consumer_ && reply_consumer_->has_waiting() && session_.has_room_for_output())
    send_reply(reply_consumer_->take_waiting());
}

void Channel::send_reply(const Message& message) {
  context_.tell(&Observer::on_replied, message, reply_consumer_->tag());
  session_.send_unasked(
      {.channel = number_,
       .method = basic::Deliver{.consumer_tag = reply_consumer_->tag(),
                                .delivery_tag = next_tag_,  // which goes to the next from a queue, too
                                .exchange = message.exchange(),
                                .routing_key = message.routing_key()},
       .content = message.content()});
}

}  // namespace pocketmq::broker
