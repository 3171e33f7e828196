#include "broker/journal/journal_state.hpp"

namespace pocketmq::broker {
namespace {

constexpr int priority_max = 255;

std::string text_of(event::Text text) { return std::string{text.view()}; }
std::string encoded(const event::Arguments& arguments) { return std::string{arguments.table.encoded()}; }

template <class E> Snapshot::Binding binding_of(const E& e) {
  return {.source = text_of(e.source),
          .destination = text_of(e.destination),
          .destination_is = e.destination_is,
          .routing_key = text_of(e.routing_key),
          .arguments = encoded(e.arguments)};
}

template <class Map, class Key> auto* find_in(Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace

void JournalState::apply(const Entry& entry) {
  snapshot_.number = entry.number();
  entry.visit([this](const auto& event) { on(event); });
}

Snapshot JournalState::snapshot() const {
  auto snapshot = snapshot_;
  for (const auto& [name, queue] : queues_) {
    auto& shown = snapshot.vhosts[name.first].queues[name.second];
    for (const auto& [place, message] : queue->ready) shown.ready.push_back(message);
    shown.ready_count = shown.ready.size();
    shown.unacked = queue->unacked.size();
    for (const auto& [message, delivery] : queue->unacked) {
      auto* consumer = find_in(shown.consumers, std::tuple{delivery.connection, delivery.channel, delivery.consumer});
      if (consumer != nullptr) ++consumer->unacked;
    }
  }
  for (auto& [number, connection] : snapshot.connections)
    for (auto& [channel_number, channel] : connection.channels) channel.unacked_count = channel.unacked.size();
  return snapshot;
}

void JournalState::on(const event::Gap&) { is_complete_ = false; }

// ---- connections

Snapshot::Channel* JournalState::find_channel(std::uint64_t connection, std::uint16_t channel) {
  auto* found = find_in(snapshot_.connections, connection);
  return found == nullptr ? nullptr : find_in(found->channels, channel);
}

void JournalState::on(const event::ConnectionOpened& e) {
  snapshot_.connections[e.connection] = {.name = text_of(e.address), .address = text_of(e.address)};
}

void JournalState::on(const event::ConnectionAuthenticated& e) {
  auto& connection = snapshot_.connections[e.connection];
  connection.name = text_of(e.name);
  connection.address = text_of(e.address);
  connection.user = text_of(e.user);
  connection.vhost = text_of(e.vhost);
  connection.encoding = e.encoding;
}

void JournalState::on(const event::ConnectionClosed& e) { snapshot_.connections.erase(e.connection); }
void JournalState::on(const event::ConnectionLost& e) { snapshot_.connections.erase(e.connection); }

void JournalState::on(const event::ConnectionBlocked& e) {
  if (auto* connection = find_in(snapshot_.connections, e.connection)) connection->blocked = true;
}

void JournalState::on(const event::ConnectionUnblocked& e) {
  if (auto* connection = find_in(snapshot_.connections, e.connection)) connection->blocked = false;
}

void JournalState::on(const event::ChannelOpened& e) {
  if (auto* connection = find_in(snapshot_.connections, e.connection)) connection->channels[e.channel] = {};
}

void JournalState::on(const event::ChannelClosed& e) {
  if (auto* connection = find_in(snapshot_.connections, e.connection)) connection->channels.erase(e.channel);
}

void JournalState::on(const event::ChannelModeSet& e) {
  if (auto* channel = find_channel(e.connection, e.channel)) channel->mode = e.mode;
}

// As on RabbitMQ, basic.qos with a limit for each consumer removes the limit that all consumers share.
void JournalState::on(const event::ChannelPrefetchSet& e) {
  auto* channel = find_channel(e.connection, e.channel);
  if (channel == nullptr) return;
  if (!e.shared) channel->prefetch = e.prefetch;
  channel->shared_prefetch = e.shared ? e.prefetch : 0;
}

// ---- topology

Snapshot::Queue* JournalState::find_queue(std::string_view vhost, std::string_view queue) {
  auto* found = find_in(snapshot_.vhosts, std::string{vhost});
  return found == nullptr ? nullptr : find_in(found->queues, std::string{queue});
}

void JournalState::on(const event::VhostCreated& e) { snapshot_.vhosts[text_of(e.vhost)]; }

void JournalState::on(const event::VhostDeleted& e) {
  snapshot_.vhosts.erase(text_of(e.vhost));
  std::erase_if(queues_, [&](const auto& named) { return named.first.first == e.vhost.view(); });
}

void JournalState::on(const event::QueueDeclared& e) {
  if (!e.created) return;
  snapshot_.vhosts[text_of(e.vhost)].queues[text_of(e.queue)] = {.type = text_of(e.type),
                                                                 .durable = e.durable,
                                                                 .auto_delete = e.auto_delete,
                                                                 .exclusive_to = e.exclusive ? e.connection : 0,
                                                                 .arguments = encoded(e.arguments)};
  queues_[{text_of(e.vhost), text_of(e.queue)}] = std::make_shared<Queue>(Queue{.name = text_of(e.queue)});
}

// Each message still refers to the queue until its message.dropped comes.
void JournalState::on(const event::QueuePurged& e) {
  if (auto* queue = find_in(queues_, QueueName{text_of(e.vhost), text_of(e.queue)})) (*queue)->ready.clear();
}

void JournalState::on(const event::QueueDeleted& e) {
  const auto found = queues_.find({text_of(e.vhost), text_of(e.queue)});
  if (found != queues_.end()) {
    found->second->ready.clear();
    queues_.erase(found);
  }
  if (auto* vhost = find_in(snapshot_.vhosts, text_of(e.vhost))) vhost->queues.erase(text_of(e.queue));
}

void JournalState::on(const event::ExchangeDeclared& e) {
  if (!e.created) return;
  snapshot_.vhosts[text_of(e.vhost)].exchanges[text_of(e.exchange)] = {.type = text_of(e.type),
                                                                       .durable = e.durable,
                                                                       .auto_delete = e.auto_delete,
                                                                       .internal = e.internal,
                                                                       .alternate = text_of(e.alternate),
                                                                       .arguments = encoded(e.arguments)};
}

void JournalState::on(const event::ExchangeDeleted& e) {
  if (auto* vhost = find_in(snapshot_.vhosts, text_of(e.vhost))) vhost->exchanges.erase(text_of(e.exchange));
}

void JournalState::on(const event::BindingCreated& e) {
  snapshot_.vhosts[text_of(e.vhost)].bindings.insert(binding_of(e));
}

void JournalState::on(const event::BindingDeleted& e) {
  auto* vhost = find_in(snapshot_.vhosts, text_of(e.vhost));
  if (vhost == nullptr) return;
  const auto found = vhost->bindings.find(binding_of(e));
  if (found != vhost->bindings.end()) vhost->bindings.erase(found);
}

void JournalState::on(const event::ConsumerStarted& e) {
  if (!e.reply_to.empty()) {
    if (auto* channel = find_channel(e.connection, e.channel))
      channel->reply_consumer = {.tag = text_of(e.consumer), .reply_to = text_of(e.reply_to)};
  } else if (auto* queue = find_queue(e.vhost.view(), e.queue.view())) {
    const Snapshot::ConsumerName name{e.connection, e.channel, text_of(e.consumer)};
    if (queue->consumers.contains(name)) ++queues_.at({text_of(e.vhost), text_of(e.queue)})->replaced[name];
    queue->consumers[name] = {
        .ack_mode = e.ack_mode, .exclusive = e.exclusive, .prefetch = e.prefetch, .priority = e.priority};
  }
}

void JournalState::on(const event::ConsumerCancelled& e) {
  auto* channel = find_channel(e.connection, e.channel);
  if (channel != nullptr && channel->reply_consumer && channel->reply_consumer->tag == e.consumer.view())
    channel->reply_consumer.reset();
  const Snapshot::ConsumerName name{e.connection, e.channel, text_of(e.consumer)};
  if (const auto* queue = find_in(queues_, QueueName{text_of(e.vhost), text_of(e.queue)})) {
    auto& replaced = (*queue)->replaced;
    if (const auto found = replaced.find(name); found != replaced.end()) {
      if (--found->second == 0) replaced.erase(found);
      return;
    }
  }
  if (auto* queue = find_queue(e.vhost.view(), e.queue.view())) queue->consumers.erase(name);
  if (channel != nullptr) forget_consumer(*channel, e.consumer.view());
}

// What was delivered to the consumer stays unacked. A later consumer may have the same tag.
void JournalState::forget_consumer(Snapshot::Channel& channel, std::string_view tag) {
  for (auto& [delivery_tag, unacked] : channel.unacked) {
    if (unacked.consumer != tag) continue;
    unacked.consumer.clear();
    auto* queue = find_queue_of(unacked.message, unacked.queue);
    if (auto* delivery = queue == nullptr ? nullptr : find_in(queue->unacked, unacked.message))
      delivery->consumer.clear();
  }
}

void JournalState::on(const event::PolicySet& e) {
  snapshot_.vhosts[text_of(e.vhost)].policies[text_of(e.policy)] = {.pattern = text_of(e.pattern),
                                                                    .apply_to = text_of(e.apply_to),
                                                                    .priority = e.priority,
                                                                    .settings = encoded(e.settings)};
}

// ---- messages

JournalState::Message* JournalState::find_message(std::uint64_t number) { return find_in(messages_, number); }

// Returns the queue that the message is in. The queue may be deleted.
JournalState::Queue* JournalState::find_queue_of(std::uint64_t message, std::string_view queue) {
  auto* found = find_message(message);
  auto* in = found == nullptr ? nullptr : find_in(found->queues, queue);
  return in == nullptr ? nullptr : in->get();
}

void JournalState::forget_delivery(Queue& queue, std::uint64_t message) {
  const auto* delivery = find_in(queue.unacked, message);
  if (delivery == nullptr) return;
  if (auto* channel = find_channel(delivery->connection, delivery->channel)) {
    // Another channel may have this number by now.
    const auto unacked = channel->unacked.find(delivery->tag);
    const bool is_it = unacked != channel->unacked.end() && unacked->second.message == message;
    if (is_it && unacked->second.queue == queue.name) channel->unacked.erase(unacked);
  }
  queue.unacked.erase(message);
}

void JournalState::leave_queue(std::uint64_t message, std::string_view name) {
  auto* queue = find_queue_of(message, name);
  if (queue == nullptr) return;
  forget_delivery(*queue, message);
  if (const auto place = queue->places.find(message); place != queue->places.end()) {
    queue->ready.erase(place->second);
    queue->places.erase(place);
  }
  auto& queues = find_message(message)->queues;
  queues.erase(queues.find(name));
}

void JournalState::forget_ended(std::uint64_t message) {
  const auto found = messages_.find(message);
  if (found == messages_.end()) return;
  const auto& [is_published, awaited, letters, queues] = found->second;
  if (!is_published && awaited == 0 && letters == 0 && queues.empty()) messages_.erase(found);
}

void JournalState::on(const event::MessagePublished& e) { messages_[e.message] = {}; }

void JournalState::on(const event::DeadLetterPublished& e) {
  messages_[e.message] = {};
  if (auto* parent = find_message(e.parent); parent != nullptr && parent->letters > 0) --parent->letters;
  forget_ended(e.parent);
}

void JournalState::on(const event::MessageRouted& e) {
  auto* message = find_message(e.message);
  if (message == nullptr) return;
  message->is_published = false;
  message->awaited += e.queue_count + (e.direct_reply ? 1 : 0);
  forget_ended(e.message);
}

void JournalState::on(const event::MessageEnqueued& e) {
  auto* queue = find_in(queues_, QueueName{text_of(e.vhost), text_of(e.queue)});
  if (queue == nullptr) return;
  auto& message = messages_[e.message];
  if (message.awaited > 0) --message.awaited;
  message.queues[text_of(e.queue)] = *queue;
  const Place place{.below_priority = priority_max - e.priority, .is_new = true, .position = e.position};
  (*queue)->ready[place] = e.message;
  (*queue)->places[e.message] = place;
}

void JournalState::on(const event::MessageDelivered& e) {
  auto* queue = find_queue_of(e.message, e.queue.view());
  if (queue == nullptr) return;
  queue->ready.erase(queue->places[e.message]);
  queue->unacked[e.message] = {
      .connection = e.connection, .channel = e.channel, .tag = e.delivery_tag, .consumer = text_of(e.consumer)};
  if (auto* channel = find_channel(e.connection, e.channel))
    channel->unacked[e.delivery_tag] = {
        .message = e.message, .queue = text_of(e.queue), .consumer = text_of(e.consumer), .redelivered = e.redelivered};
}

void JournalState::on(const event::MessageAcked& e) {
  leave_queue(e.message, e.queue.view());
  forget_ended(e.message);
}

void JournalState::on(const event::MessageRequeued& e) {
  auto* queue = find_queue_of(e.message, e.queue.view());
  if (queue == nullptr) return;
  forget_delivery(*queue, e.message);
  auto& place = queue->places[e.message];
  place.is_new = e.at_end;
  place.position = e.position;
  queue->ready[place] = e.message;
}

// If the queue was full, the message was never in it.
void JournalState::on(const event::MessageDeadLettered& e) {
  auto* message = find_message(e.message);
  if (message == nullptr) return;
  if (message->queues.contains(e.queue.view()))
    leave_queue(e.message, e.queue.view());
  else if (message->awaited > 0)
    --message->awaited;
  ++message->letters;
}

void JournalState::on(const event::MessageDropped& e) {
  auto* message = find_message(e.message);
  if (message == nullptr) return;
  switch (e.stage) {
    case event::Stage::publish: message->is_published = false; break;
    case event::Stage::reply:
    case event::Stage::enter:
      if (message->awaited > 0) --message->awaited;
      break;
    case event::Stage::queue: leave_queue(e.message, e.queue.view()); break;
    case event::Stage::dead_letter:
      if (message->letters > 0) --message->letters;
      break;
  }
  forget_ended(e.message);
}

void JournalState::on(const event::MessageReturned& e) {
  if (auto* message = find_message(e.message)) message->is_published = false;
  forget_ended(e.message);
}

void JournalState::on(const event::MessageReplied& e) {
  if (auto* message = find_message(e.message); message != nullptr && message->awaited > 0) --message->awaited;
  forget_ended(e.message);
}

}  // namespace pocketmq::broker
