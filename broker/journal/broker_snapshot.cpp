#include "broker/journal/broker_snapshot.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "broker/session/broker.hpp"

namespace pocketmq::broker {
namespace {

// So many bytes of names count as much as a message.
constexpr std::size_t name_bytes_a_message = 32;

class SnapshotBuilder {
 public:
  SnapshotBuilder(Broker& broker, const SnapshotBounds& bounds) : broker_{broker}, bounds_{bounds} {}

  [[nodiscard]] Snapshot build() &&;

 private:
  // As events show them: names and tables that are too long are cut, or left out.
  [[nodiscard]] static std::string text_of(event::Text text) { return std::string{text.view()}; }
  [[nodiscard]] static std::string encoded(const event::Arguments& arguments) {
    return std::string{arguments.table.encoded()};
  }

  void add(const VirtualHost& virtual_host);
  [[nodiscard]] Snapshot::Queue queue_of(const Queue& queue);
  void add_consumer(const Consumer& consumer, Snapshot::Queue& shown);
  [[nodiscard]] Snapshot::Connection connection_of(Session& session);
  [[nodiscard]] Snapshot::Channel channel_of(const Channel& channel);
  /// Whether one more message may be listed, of an object that lists `so_far`.
  [[nodiscard]] bool may_list(std::size_t so_far) const {
    return so_far < bounds_.messages_each && listed_ < bounds_.messages;
  }

  Broker& broker_;
  const SnapshotBounds bounds_;
  Snapshot snapshot_{};
  std::size_t listed_{0};  // messages; the names in unacked deliveries count too
  // A delivery refers to the prefetch of its consumer, which tells the consumer's tag as long as there is a consumer.
  std::unordered_map<const Prefetch*, std::string> tags_{};
};

Snapshot SnapshotBuilder::build() && {
  snapshot_.number = broker_.journal().last_number();
  for (const auto& [name, virtual_host] : broker_.virtual_hosts()) add(virtual_host);
  broker_.for_each_session([this](Session& session) {
    if (session.is_told()) snapshot_.connections.emplace(session.number(), connection_of(session));
  });
  return std::move(snapshot_);
}

void SnapshotBuilder::add(const VirtualHost& virtual_host) {
  auto& shown = snapshot_.vhosts[text_of(virtual_host.name())];
  virtual_host.for_each_exchange([&](const Exchange& exchange) {
    const auto& declaration = exchange.declaration();
    shown.exchanges[text_of(exchange.name())] = {.type = declaration.type,
                                                 .durable = declaration.durable,
                                                 .auto_delete = declaration.auto_delete,
                                                 .internal = declaration.internal,
                                                 .alternate = text_of(declaration.arguments.alternate().value_or("")),
                                                 .arguments = encoded(declaration.arguments.table())};
  });
  virtual_host.bindings().for_each([&](const Binding& binding) {
    shown.bindings.insert({.source = text_of(binding.source.name()),
                           .destination = text_of(binding.destination.name()),
                           .destination_is = binding.destination.target(),
                           .routing_key = text_of(binding.routing_key),
                           .arguments = encoded(protocol::FieldTable{binding.arguments})});
  });
  virtual_host.for_each_queue([&](const Queue& queue) { shown.queues[text_of(queue.name())] = queue_of(queue); });
  for (const auto& policy : virtual_host.policies().all())
    shown.policies[text_of(policy.name)] = {.pattern = text_of(policy.pattern.text()),
                                            .apply_to = policy.apply_to,
                                            .priority = policy.priority,
                                            .settings = encoded(protocol::FieldTable{policy.settings})};
}

Snapshot::Queue SnapshotBuilder::queue_of(const Queue& queue) {
  const auto& declaration = queue.declaration();
  Snapshot::Queue shown{.type = queue.is_quorum() ? "quorum" : "classic",
                        .durable = declaration.durable,
                        .auto_delete = declaration.auto_delete,
                        .exclusive_to = declaration.owner,
                        .arguments = encoded(declaration.arguments.table()),
                        .ready_count = queue.ready(),
                        .unacked = queue.unacked()};
  queue.ready_messages().for_each([&](const Message& message) {
    if (!may_list(shown.ready.size())) return false;
    shown.ready.push_back(message.number());
    ++listed_;
    return true;
  });
  queue.rotation().for_each([&](const Consumer& consumer) { add_consumer(consumer, shown); });
  return shown;
}

void SnapshotBuilder::add_consumer(const Consumer& consumer, Snapshot::Queue& shown) {
  const auto& settings = consumer.settings();
  const auto [connection, channel] = consumer.channel();
  const auto tag = text_of(settings.tag);
  shown.consumers[{connection, channel, tag}] = {.ack_mode = settings.ack_mode,
                                                 .exclusive = settings.exclusive,
                                                 .prefetch = settings.prefetch,
                                                 .priority = settings.priority,
                                                 .unacked = consumer.prefetch()->unacked()};
  tags_.emplace(consumer.prefetch().get(), tag);
}

Snapshot::Connection SnapshotBuilder::connection_of(Session& session) {
  Snapshot::Connection shown{.name = text_of(session.address()), .address = text_of(session.address())};
  if (!session.is_open()) return shown;
  shown.name = text_of(session.name());
  shown.user = text_of(session.user().name);
  shown.vhost = text_of(session.virtual_host().name());
  shown.encoding = session.encoding() == protocol::Encoding::json ? event::Encoding::json : event::Encoding::amqp;
  shown.blocked = session.is_blocked();
  session.for_each_channel([&](const Channel& channel) { shown.channels[channel.number()] = channel_of(channel); });
  return shown;
}

Snapshot::Channel SnapshotBuilder::channel_of(const Channel& channel) {
  Snapshot::Channel shown{.prefetch = channel.consumer_prefetch(), .shared_prefetch = channel.shared_prefetch()};
  if (channel.has_confirms()) shown.mode = event::ChannelMode::confirm;
  if (channel.is_transactional()) shown.mode = event::ChannelMode::transaction;
  shown.unacked_count = channel.unacked_count();
  channel.for_each_unacked([&](const Unacked& delivery) {
    if (!may_list(shown.unacked.size())) return false;
    const auto tag = tags_.find(delivery.prefetch.get());
    const auto& listed = shown.unacked[delivery.tag] = {.message = delivery.message.message.number(),
                                                        .queue = text_of(delivery.queue->name()),
                                                        .consumer = tag == tags_.end() ? "" : tag->second,
                                                        .redelivered = delivery.message.redelivered};
    listed_ += 1 + (listed.queue.size() + listed.consumer.size()) / name_bytes_a_message;
    return true;
  });
  if (const auto* consumer = channel.reply_consumer())
    shown.reply_consumer = {.tag = text_of(consumer->tag()), .reply_to = text_of(consumer->name())};
  return shown;
}

}  // namespace

Snapshot snapshot_of(Broker& broker, const SnapshotBounds& bounds) { return SnapshotBuilder{broker, bounds}.build(); }

std::size_t snapshot_cost(Broker& broker) {
  constexpr std::size_t argument_bytes_an_object = 64;
  const auto& quotas = broker.context().quotas();
  std::size_t policies = 0;
  for (const auto& [name, virtual_host] : broker.virtual_hosts()) policies += virtual_host.policies().all().size();
  return broker.connection_count() + quotas.channels.used() + quotas.queues.used() + quotas.exchanges.used()
         + quotas.consumers.used() + quotas.bindings.used() + policies
         + quotas.argument_bytes.used() / argument_bytes_an_object;
}

}  // namespace pocketmq::broker
