#include "broker/channel/channel_replies.hpp"

namespace pocketmq::broker {

namespace basic = protocol::basic;
namespace queue = protocol::queue;

void ChannelReplies::consume(const basic::Consume& m) {
  if (!m.no_ack) throw ChannelError{ReplyCode::precondition_failed, "reply consumer cannot acknowledge"};
  if (consumer_) throw ChannelError{ReplyCode::precondition_failed, "reply consumer already set"};
  auto& context = scope_.context();
  auto tag = m.consumer_tag.empty() ? context.unique_name("amq.ctag-") : std::string{m.consumer_tag};
  ReplyConsumer::Owner& owner = *this;
  consumer_ = std::make_unique<ReplyConsumer>(owner, scope_.connection().direct_replies(), std::move(tag),
                                              DirectReplies::name_with(context.unique_name("")));
  context.journal().tell<event::ConsumerStarted>([&] {
    return event::ConsumerStarted{.vhost = scope_.virtual_host().name(),
                                  .queue = direct_reply_queue,
                                  .consumer = consumer_->tag(),
                                  .connection = scope_.actor().connection,
                                  .channel = scope_.number(),
                                  .ack_mode = event::AckMode::automatic,
                                  .reply_to = consumer_->name()};
  });
  scope_.reply(m, basic::ConsumeOk{.consumer_tag = consumer_->tag()});
}

bool ChannelReplies::cancel(std::string_view consumer_tag) {
  if (!consumer_ || consumer_->tag() != consumer_tag) return false;
  end_consumer(event::Gone::asked);
  return true;
}

void ChannelReplies::end_consumer(event::Gone reason) {
  if (!consumer_) return;
  scope_.context().journal().tell<event::ConsumerCancelled>([&] {
    return event::ConsumerCancelled{.vhost = scope_.virtual_host().name(),
                                    .queue = direct_reply_queue,
                                    .consumer = consumer_->tag(),
                                    .connection = scope_.actor().connection,
                                    .channel = scope_.number(),
                                    .reason = reason};
  });
  consumer_.reset();
}

void ChannelReplies::declare(const queue::Declare& m) {
  refuse_forged(m.queue);
  if (m.queue != direct_reply_queue && scope_.connection().direct_replies().find(m.queue) == nullptr)
    throw ChannelError{ReplyCode::not_found, "no " + scope_.virtual_host().describe_queue(m.queue)};
  scope_.set_last_declared(m.queue);
  scope_.reply(m, queue::DeclareOk{.queue = m.queue, .message_count = 0, .consumer_count = 1});
}

void ChannelReplies::refuse_forged(std::string_view name) {
  if (!DirectReplies::is_forged(name)) return;
  throw ConnectionError{ReplyCode::internal_error,
                        "'" + std::string{name} + "' is not a name that this broker gave for replies"};
}

std::string ChannelReplies::address(protocol::Properties properties) const {
  if (!consumer_) throw ChannelError{ReplyCode::precondition_failed, "fast reply consumer does not exist"};
  auto addressed = properties.decode();
  addressed.reply_to = consumer_->name();
  std::string encoded;
  encode(addressed, encoded);
  return encoded;
}

const ReplyConsumer* ChannelReplies::find_requester(const Message& message) const {
  return scope_.connection().direct_replies().find(message.routing_key());
}

void ChannelReplies::take_reply(const Message& message) {
  if (!consumer_->has_waiting() && scope_.connection().has_room_for_output()) return send(message);
  if (consumer_->keep(message)) return;
  auto& context = scope_.context();
  context.tell(&Observer::on_dropped, message);
  context.journal().tell<event::MessageDropped>([&] {
    return event::MessageDropped{
        .message = message.number(), .stage = event::Stage::reply, .reason = event::Dropped::requester_slow};
  });
}

void ChannelReplies::send_waiting() {
  while (consumer_ && consumer_->has_waiting() && scope_.connection().has_room_for_output())
    send(consumer_->take_waiting());
}

void ChannelReplies::send(const Message& message) {
  scope_.context().tell(&Observer::on_replied, message, consumer_->tag());
  scope_.context().journal().tell<event::MessageReplied>([&] {
    return event::MessageReplied{.message = message.number(),
                                 .connection = scope_.actor().connection,
                                 .channel = scope_.number(),
                                 .consumer = consumer_->tag(),
                                 .delivery_tag = deliveries_.next_tag()};
  });
  scope_.connection().send_unasked(
      {.channel = scope_.number(),
       .method = basic::Deliver{.consumer_tag = consumer_->tag(),
                                .delivery_tag = deliveries_.next_tag(),  // the next delivery from a queue gets it too
                                .exchange = message.exchange(),
                                .routing_key = message.routing_key()},
       .content = message.content()});
}

}  // namespace pocketmq::broker
