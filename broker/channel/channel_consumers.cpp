#include "broker/channel/channel_consumers.hpp"

#include <utility>

#include "broker/message/edited_table.hpp"
#include "broker/queue/queue_arguments.hpp"

namespace pocketmq::broker {

namespace basic = protocol::basic;
namespace {

constexpr std::string_view delivery_count = "x-delivery-count";
constexpr std::size_t kept_properties_max_bytes = 1'024;

}  // namespace

ChannelConsumers::ChannelConsumers(ChannelScope& scope, ChannelDeliveries& deliveries,
                                   const ChannelTransactions& transactions, ChannelReplies& replies)
    : scope_{scope},
      deliveries_{deliveries},
      transactions_{transactions},
      replies_{replies},
      sink_{new DeliverySink{*this, scope.actor()}},
      asking_{scope.context().backlog(), *this, &ChannelConsumers::go_on_asking} {}

Consumers ChannelConsumers::stop() {
  sink_->target = nullptr;
  return std::exchange(consumers_, {});
}

// ---- the client's methods

void ChannelConsumers::set_prefetch(const basic::Qos& m) {
  if (m.prefetch_size != 0)
    throw ConnectionError{ReplyCode::not_implemented, "prefetch_size!=0 (" + std::to_string(m.prefetch_size) + ")"};
  // As on RabbitMQ, basic.qos with a limit for each consumer removes the limit that all consumers share.
  const bool shared_limit_changes = m.global || prefetch_ != 0;
  if (!m.global) consumer_prefetch_ = m.prefetch_count;
  prefetch_ = m.global ? m.prefetch_count : 0;
  scope_.context().journal().tell(event::ChannelPrefetchSet{.connection = scope_.actor().connection,
                                                            .channel = scope_.number(),
                                                            .prefetch = m.prefetch_count,
                                                            .shared = m.global});
  scope_.reply(m, basic::QosOk{});
  if (shared_limit_changes) ask_waiting_consumers();
}

void ChannelConsumers::consume(const basic::Consume& m) {
  if (consumers_.contains(m.consumer_tag))
    throw ConnectionError{ReplyCode::not_allowed,
                          "attempt to reuse consumer tag '" + std::string{m.consumer_tag} + "'"};
  if (m.queue == direct_reply_queue) return replies_.consume(m);
  auto& consumed = scope_.require_accessible_queue(m.queue, Permission::read);
  auto settings = settings_for(m, consumed);
  require_room_for_consumer();
  if (settings.tag.empty()) settings.tag = scope_.context().unique_name("amq.ctag-");
  auto consumer = std::make_unique<Consumer>(sink_, protocol::Ref<MessageSource>{&consumed}, std::move(settings),
                                             scope_.context().quotas().consumers);
  const auto& started = *consumers_.emplace(consumer->tag(), std::move(consumer)).first->second;
  scope_.reply(m, basic::ConsumeOk{.consumer_tag = started.tag()});
  consumed.serve_consumers();
}

Consumer::Settings ChannelConsumers::settings_for(const basic::Consume& m, const Queue& queue) const {
  const auto described = scope_.virtual_host().describe_queue(queue.name());
  const bool has_one_active = queue.settings().single_active_consumer;
  auto priority = consumer_priority(m.arguments, queue.settings().type, described);
  if (queue.is_quorum() && prefetch_ != 0)
    throw ConnectionError{ReplyCode::not_implemented, described + " does not support global qos"};
  if (queue.is_quorum() && has_one_active) priority = 0;     // its consumers become active in order of arrival
  const bool exclusive = m.exclusive && !queue.is_quorum();  // a quorum queue ignores it
  const bool is_shared = queue.consumers() > 0 || has_one_active;
  if (queue.exclusively_consumed() || (exclusive && is_shared))
    throw ChannelError{ReplyCode::access_refused, described + " in exclusive use"};
  return {.tag = std::string{m.consumer_tag},
          .ack_mode = m.no_ack ? AckMode::automatic : AckMode::manual,
          .exclusive = exclusive,
          .prefetch = consumer_prefetch_,
          .priority = priority};
}

void ChannelConsumers::require_room_for_consumer() const {
  const auto& quota = scope_.context().quotas().consumers;
  if (quota.is_used_up())
    throw ConnectionError{ReplyCode::not_allowed,
                          "reached maximum (" + std::to_string(quota.limit()) + ") of consumers of this broker"};
  if (const auto& memory = scope_.context().memory(); !memory.has_room_for_clients())
    throw ConnectionError{ReplyCode::resource_error, "cannot consume: " + memory.describe()};
}

void ChannelConsumers::cancel(const basic::Cancel& m) {
  scope_.reply(m, basic::CancelOk{.consumer_tag = m.consumer_tag});
  if (replies_.cancel(m.consumer_tag)) return;
  const auto found = consumers_.find(m.consumer_tag);
  if (found != consumers_.end()) consumers_.erase(found);
}

void ChannelConsumers::get(const basic::Get& m) {
  auto& from = scope_.require_accessible_queue(m.queue, Permission::read);
  if (from.is_quorum() && from.settings().single_active_consumer)
    throw ChannelError{ReplyCode::resource_locked,
                       "cannot obtain access to locked " + scope_.virtual_host().describe_queue(from.name())
                           + ". basic.get operations are not supported by quorum queues with single active consumer"};
  if (!from.clear_head()) throw Unfinished{};
  auto taken = from.take();
  if (!taken) return scope_.reply(m, basic::GetEmpty{});
  const auto tag = deliveries_.take_tag();
  const auto& settler = deliveries_.settler(m.no_ack ? AckMode::automatic : AckMode::manual);
  scope_.context().tell(&Observer::on_delivered, from, taken->message, "");
  from.events().delivered(*taken, settler, tag, "");
  protocol::Command got{.channel = scope_.number(),
                        .method = basic::GetOk{.delivery_tag = tag,
                                               .redelivered = taken->redelivered,
                                               .exchange = taken->message.exchange(),
                                               .routing_key = taken->message.routing_key(),
                                               .message_count = static_cast<std::uint32_t>(from.ready())},
                        .content = taken->message.content()};
  if (from.is_quorum()) add_delivery_count(*taken, *got.content);
  scope_.connection().send_answer(got);
  if (m.no_ack)
    from.settle(*taken, settler, tag);
  else
    deliveries_.await_ack({.tag = tag, .queue = protocol::Ref<Queue>{&from}, .message = std::move(*taken)});
}

// ---- for the queues

void ChannelConsumers::send_delivery(Consumer& consumer, Queue& from, QueuedMessage&& message) {
  const auto tag = deliveries_.take_tag();
  scope_.context().tell(&Observer::on_delivered, from, message.message, consumer.tag());
  if (scope_.context().tells_messages())
    from.events().delivered(message, deliveries_.settler(consumer.ack_mode()), tag, consumer.tag());
  protocol::Command delivery{.channel = scope_.number(),
                             .method = basic::Deliver{.consumer_tag = consumer.tag(),
                                                      .delivery_tag = tag,
                                                      .redelivered = message.redelivered,
                                                      .exchange = message.message.exchange(),
                                                      .routing_key = message.message.routing_key()},
                             .content = message.message.content()};
  if (from.is_quorum()) add_delivery_count(message, *delivery.content);
  scope_.connection().send_unasked(delivery);
  if (consumer.ack_mode() == AckMode::automatic)
    from.settle(message, deliveries_.settler(AckMode::automatic), tag);
  else
    deliveries_.await_ack({.tag = tag,
                           .queue = protocol::Ref<Queue>{&from},
                           .message = std::move(message),
                           .prefetch = consumer.prefetch(),
                           .uses_prefetch = true});
}

// Adds x-delivery-count: how often the message has come back to its quorum queue. The content then refers to
// `properties_with_count_`, so it must be sent before this function is called again.
void ChannelConsumers::add_delivery_count(const QueuedMessage& message, protocol::Content& content) {
  protocol::FieldTableWriter count;
  count.int64(delivery_count, message.returns);
  auto properties = content.properties.decode();
  EditedTable headers{properties.headers.value_or(protocol::FieldTable{})};
  headers.set(delivery_count, *count.table().find(delivery_count));
  const auto table = headers.sorted();
  properties.headers = table.table();
  if (properties_with_count_.capacity() > kept_properties_max_bytes) properties_with_count_ = {};
  properties_with_count_.clear();
  encode(properties, properties_with_count_);
  content.properties = protocol::Properties{properties_with_count_};
}

void ChannelConsumers::cancel_for_deleted_queue(const Consumer& consumer) { (void)cancel_by_broker(consumer.tag()); }

bool ChannelConsumers::cancel_by_broker(std::string_view tag) {
  const auto found = consumers_.find(tag);
  if (found == consumers_.end()) return false;
  if (scope_.connection().understands_consumer_cancel())
    scope_.connection().send_unasked(
        {.channel = scope_.number(), .method = basic::Cancel{.consumer_tag = tag, .no_wait = true}});
  consumers_.erase(found);
  return true;
}

const Consumer* ChannelConsumers::find(std::string_view tag) const {
  const auto found = consumers_.find(tag);
  return found == consumers_.end() ? nullptr : found->second.get();
}

// ---- consumers that wait

// A consumer that still cannot take a message waits again, at the end of the line. So does a consumer that has taken a
// message and cannot take another.
void ChannelConsumers::ask_waiting_consumers() {
  replies_.send_waiting();
  left_to_ask_ = sink_->waiting.size();
  if (!go_on_asking()) asking_.wait_in_line();
}

bool ChannelConsumers::go_on_asking() {
  auto& waiting = sink_->waiting;
  auto& budget = scope_.context().budget();
  for (; left_to_ask_ > 0 && !waiting.empty() && has_room(); --left_to_ask_) {
    if (budget.is_used_up()) return false;
    budget.use(steps::for_a_consumer);
    waiting.front()->resume();
  }
  left_to_ask_ = 0;
  return true;
}

}  // namespace pocketmq::broker
