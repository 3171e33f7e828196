#include "broker/queue/queue_events.hpp"

#include "broker/queue/consumer.hpp"
#include "broker/queue/queue_host.hpp"

namespace pocketmq::broker {

// ---- the queue and its consumers

void QueueEvents::declared(bool created) const {
  context_.journal().tell<event::QueueDeclared>([&] {
    return event::QueueDeclared{
        .vhost = host_.name(),
        .queue = queue_.name,
        .created = created,
        .type = queue_type(queue_.arguments.table()) == QueueType::quorum ? "quorum" : "classic",
        .durable = queue_.durable,
        .exclusive = queue_.owner != 0,
        .auto_delete = queue_.auto_delete,
        .arguments = queue_.arguments.table(),
        .connection = context_.actor().connection,
        .channel = context_.actor().channel};
  });
}

void QueueEvents::purged(std::size_t messages) const {
  context_.journal().tell<event::QueuePurged>([&] {
    return event::QueuePurged{.vhost = host_.name(),
                              .queue = queue_.name,
                              .messages = messages,
                              .connection = context_.actor().connection,
                              .channel = context_.actor().channel};
  });
}

void QueueEvents::deleted(event::Gone reason, std::size_t messages) const {
  context_.journal().tell<event::QueueDeleted>([&] {
    return event::QueueDeleted{.vhost = host_.name(),
                               .queue = queue_.name,
                               .reason = reason,
                               .messages = messages,
                               .connection = context_.actor().connection,
                               .channel = context_.actor().channel};
  });
}

void QueueEvents::consumer_started(const Consumer& consumer) const {
  context_.journal().tell<event::ConsumerStarted>([&] {
    const auto& settings = consumer.settings();
    return event::ConsumerStarted{.vhost = host_.name(),
                                  .queue = queue_.name,
                                  .consumer = settings.tag,
                                  .connection = consumer.channel().connection,
                                  .channel = consumer.channel().channel,
                                  .ack_mode = settings.ack_mode,
                                  .exclusive = settings.exclusive,
                                  .prefetch = settings.prefetch,
                                  .priority = settings.priority};
  });
}

void QueueEvents::consumer_cancelled(const Consumer& consumer, event::Gone reason) const {
  context_.journal().tell<event::ConsumerCancelled>([&] {
    return event::ConsumerCancelled{.vhost = host_.name(),
                                    .queue = queue_.name,
                                    .consumer = consumer.tag(),
                                    .connection = consumer.channel().connection,
                                    .channel = consumer.channel().channel,
                                    .reason = reason};
  });
}

// ---- messages

void QueueEvents::tell_enqueued(const QueuedMessage& message) const {
  event::MessageEnqueued enqueued{.message = message.message.number(),
                                  .vhost = host_.name(),
                                  .queue = queue_.name,
                                  .position = message.position,
                                  .priority = message.priority};
  if (message.expires_at != TimePoint::max()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(message.expires_at - context_.now());
    enqueued.expires_in_ms = static_cast<std::uint64_t>(left.count());
  }
  context_.journal().tell(enqueued);
}

void QueueEvents::tell_delivered(const QueuedMessage& message, const Settler& to, std::uint64_t tag,
                                 std::string_view consumer) const {
  context_.journal().tell(event::MessageDelivered{.message = message.message.number(),
                                                  .vhost = host_.name(),
                                                  .queue = queue_.name,
                                                  .connection = to.channel.connection,
                                                  .channel = to.channel.channel,
                                                  .consumer = consumer,
                                                  .delivery_tag = tag,
                                                  .redelivered = message.redelivered,
                                                  .ack_mode = to.ack_mode});
}

void QueueEvents::tell_acked(const QueuedMessage& message, const Settler& by, std::uint64_t tag) const {
  context_.journal().tell(event::MessageAcked{.message = message.message.number(),
                                              .vhost = host_.name(),
                                              .queue = queue_.name,
                                              .connection = by.channel.connection,
                                              .channel = by.channel.channel,
                                              .delivery_tag = tag,
                                              .ack_mode = by.ack_mode});
}

void QueueEvents::rejected(const QueuedMessage& message, const Settler& by, std::uint64_t tag) const {
  context_.journal().tell<event::MessageRejected>([&] {
    return event::MessageRejected{.message = message.message.number(),
                                  .vhost = host_.name(),
                                  .queue = queue_.name,
                                  .connection = by.channel.connection,
                                  .channel = by.channel.channel,
                                  .delivery_tag = tag};
  });
}

void QueueEvents::requeued(const QueuedMessage& message, const Settler& by, std::uint64_t tag, bool at_end) const {
  context_.journal().tell<event::MessageRequeued>([&] {
    return event::MessageRequeued{.message = message.message.number(),
                                  .vhost = host_.name(),
                                  .queue = queue_.name,
                                  .reason = by.why_requeued,
                                  .position = message.position,
                                  .at_end = at_end,
                                  .returns = message.returns,
                                  .connection = by.channel.connection,
                                  .channel = by.channel.channel,
                                  .delivery_tag = tag};
  });
}

void QueueEvents::expired(const Message& message) const {
  context_.journal().tell<event::MessageExpired>(
      [&] { return event::MessageExpired{.message = message.number(), .vhost = host_.name(), .queue = queue_.name}; });
}

void QueueEvents::dead_lettered(const Message& message, DeathReason reason) const {
  context_.journal().tell<event::MessageDeadLettered>([&] {
    return event::MessageDeadLettered{
        .message = message.number(), .vhost = host_.name(), .queue = queue_.name, .reason = reason};
  });
}

void QueueEvents::dropped(const Message& message, event::Stage stage, event::Dropped reason) const {
  context_.journal().tell<event::MessageDropped>([&] {
    return event::MessageDropped{
        .message = message.number(), .vhost = host_.name(), .queue = queue_.name, .stage = stage, .reason = reason};
  });
}

}  // namespace pocketmq::broker
