#include "broker/channel.hpp"

#include <algorithm>
#include <charconv>

#include "broker/session.hpp"

namespace pocketmq::broker {
namespace {

namespace basic = protocol::basic;
namespace queue = protocol::queue;
namespace exchange = protocol::exchange;

constexpr std::chrono::milliseconds expiration_max{315'360'000'000};  // ten years

// The publisher's `expiration`: whole milliseconds in decimal digits, as RabbitMQ reads them.
std::chrono::milliseconds parse_expiration(std::string_view text) {
  const auto* begin = text.data();
  const auto* end = begin + text.size();
  if (text.starts_with('+')) ++begin;
  std::int64_t milliseconds = 0;
  const auto [stopped, error] = std::from_chars(begin, end, milliseconds);
  if (error != std::errc{} || stopped != end || milliseconds < 0 || milliseconds > expiration_max.count())
    throw ChannelError{
        ReplyCode::precondition_failed,
        "invalid expiration '" + std::string{text}
            + "': write the message's time to live in whole milliseconds, such as '60000', up to ten years"};
  return std::chrono::milliseconds{milliseconds};
}

}  // namespace

Channel::~Channel() {
  stop_consuming();
  requeue(unacked_.settle_all());
}

void Channel::stop_consuming() {
  for (const auto& [tag, consumer] : consumers_) unacked_.forget(*consumer);
  consumers_.clear();
}

// ---- answering

template <class Request, class Reply> void Channel::reply(const Request& request, const Reply& reply) {
  if constexpr (requires { request.no_wait; }) {
    if (request.no_wait) return;
  }
  session_.answer({.channel = number_, .method = reply});
}

void Channel::refuse_as_not_a_clients(const protocol::MethodId& method) {
  throw ConnectionError{ReplyCode::command_invalid, std::string{method.name} + " is not for a client to send here"};
}

void Channel::refuse_as_not_implemented(const protocol::MethodId& method) {
  throw ConnectionError{ReplyCode::not_implemented, "PocketMQ does not have " + std::string{method.name} + " yet"};
}

void Channel::require_permission(Permission permission, std::string_view resource) const {
  if (may(session_.user(), permission, virtual_host().name(), resource)) return;
  throw ChannelError{ReplyCode::access_refused, std::string{name_of(permission)} + " access to '"
                                                    + std::string{resource} + "' in vhost '" + virtual_host().name()
                                                    + "' refused for user '" + session_.user().name + "'"};
}

VirtualHost& Channel::virtual_host() const { return session_.virtual_host(); }

Queue& Channel::require_queue(std::string_view name) {
  if (!name.empty()) return virtual_host().require_queue(name);
  if (last_declared_.empty()) throw ChannelError{ReplyCode::not_found, "no previously declared queue"};
  return virtual_host().require_queue(last_declared_);
}

Queue& Channel::require_accessible_queue(std::string_view name, Permission permission) {
  auto& found = require_queue(name);
  require_access(virtual_host(), found, &session_);
  require_permission(permission, found.name());
  return found;
}

void Channel::handle(const protocol::access::Request& m) {
  // A relic of AMQP 0-9 that every broker grants; the ticket is ignored.
  reply(m, protocol::access::RequestOk{.ticket = 1});
}

void Channel::handle(const protocol::channel::Flow& m) {
  if (!m.active)
    throw ConnectionError{ReplyCode::not_implemented, "active=false; limit deliveries with basic.qos instead"};
  reply(m, protocol::channel::FlowOk{.active = true});
}

// ---- queues and exchanges

void Channel::handle(const queue::Declare& m) {
  Queue* declared = nullptr;
  if (m.passive) {
    declared = &virtual_host().require_queue(m.queue);
    require_access(virtual_host(), *declared, &session_);
  } else {
    require_permission(Permission::configure, m.queue);
    const bool is_new = virtual_host().find_queue(m.queue) == nullptr;
    declared = &virtual_host().declare_queue({.name = std::string{m.queue},
                                              .durable = m.durable,
                                              .auto_delete = m.auto_delete,
                                              .owner = m.exclusive ? &session_ : nullptr,
                                              .arguments = QueueArguments{m.arguments}});
    if (m.exclusive && is_new) session_.own(*declared);
  }
  last_declared_ = declared->name();
  reply(m, queue::DeclareOk{.queue = declared->name(),
                            .message_count = static_cast<std::uint32_t>(declared->ready()),
                            .consumer_count = static_cast<std::uint32_t>(declared->consumers())});
}

void Channel::handle(const queue::Delete& m) {
  const auto& name = m.queue.empty() ? require_queue(m.queue).name() : std::string{m.queue};
  auto* found = virtual_host().find_queue(name);
  if (found == nullptr) return reply(m, queue::DeleteOk{});
  require_access(virtual_host(), *found, &session_);
  require_permission(Permission::configure, name);
  const auto described = virtual_host().describe_queue(name);
  if (m.if_unused && found->consumers() > 0) throw ChannelError{ReplyCode::precondition_failed, described + " in use"};
  if (m.if_empty && found->ready() > 0) throw ChannelError{ReplyCode::precondition_failed, described + " not empty"};
  const auto dropped = virtual_host().delete_queue(*found);
  reply(m, queue::DeleteOk{.message_count = static_cast<std::uint32_t>(dropped)});
}

void Channel::handle(const queue::Purge& m) {
  auto& purged = require_accessible_queue(m.queue, Permission::read);
  reply(m, queue::PurgeOk{.message_count = static_cast<std::uint32_t>(purged.purge())});
}

namespace {

constexpr std::string_view default_exchange_is_fixed = "operation not permitted on the default exchange";

}  // namespace

void Channel::handle(const queue::Bind& m) {
  (void)virtual_host().require_exchange(m.exchange);
  throw ChannelError{ReplyCode::access_refused, std::string{default_exchange_is_fixed}};
}

void Channel::handle(const queue::Unbind& m) {
  if (m.exchange.empty()) throw ChannelError{ReplyCode::access_refused, std::string{default_exchange_is_fixed}};
  reply(m, queue::UnbindOk{});
}

void Channel::handle(const exchange::Declare& m) {
  if (m.exchange.empty()) throw ChannelError{ReplyCode::access_refused, std::string{default_exchange_is_fixed}};
  if (m.passive) (void)virtual_host().require_exchange(m.exchange);
  throw ConnectionError{ReplyCode::not_implemented, "cannot declare exchange '" + std::string{m.exchange}
                                                        + "': PocketMQ has only the default exchange ''"};
}

void Channel::handle(const exchange::Delete& m) {
  if (m.exchange.empty()) throw ChannelError{ReplyCode::access_refused, std::string{default_exchange_is_fixed}};
  reply(m, exchange::DeleteOk{});
}

// ---- publishing

void Channel::check_properties(const protocol::BasicProperties& properties) const {
  if (properties.user_id && *properties.user_id != session_.user().name)
    throw ChannelError{ReplyCode::precondition_failed, "user_id property set to '" + std::string{*properties.user_id}
                                                           + "' but authenticated user was '" + session_.user().name
                                                           + "'"};
  if (properties.delivery_mode && *properties.delivery_mode != 1 && *properties.delivery_mode != 2)
    throw ChannelError{ReplyCode::precondition_failed, "invalid message: delivery_mode is "
                                                           + std::to_string(*properties.delivery_mode)
                                                           + "; 1 (transient) and 2 (persistent) exist"};
}

void Channel::handle(const basic::Publish& m, protocol::Content& content) {
  if (m.immediate)
    throw ConnectionError{ReplyCode::not_implemented, "immediate=true; use mandatory, or a time to live of 0"};
  const auto& to = virtual_host().require_exchange(m.exchange);
  require_permission(Permission::write, m.exchange);
  if (content.refused_size_bytes > 0)
    throw ChannelError{ReplyCode::precondition_failed,
                       "message size " + std::to_string(content.refused_size_bytes)
                           + " is larger than configured max size "
                           + std::to_string(session_.context().options().limits.body_max_bytes)};
  const auto properties = content.properties.decode();
  check_properties(properties);
  std::optional<std::chrono::milliseconds> time_to_live;
  if (properties.expiration) time_to_live = parse_expiration(*properties.expiration);

  const Message message{m.exchange, m.routing_key, std::move(content), time_to_live};
  const auto publish = next_publish_++;
  auto& context = session_.context();
  context.tell(&Observer::on_published, message);
  const auto& queues = virtual_host().route(to, m.routing_key);
  context.tell(&Observer::on_routed, message, queues.size());
  for (auto* into : queues) into->enqueue(message, *this, publish);
  if (!queues.empty()) return;
  if (m.mandatory)
    return_to_publisher(message);
  else
    context.tell(&Observer::on_dropped, message);
}

void Channel::return_to_publisher(const Message& message) {
  session_.context().tell(&Observer::on_returned, message);
  session_.answer({.channel = number_,
                   .method = basic::Return{.reply_code = number_of(ReplyCode::no_route),
                                           .reply_text = "NO_ROUTE",
                                           .exchange = message.exchange(),
                                           .routing_key = message.routing_key()},
                   .content = message.content()});
}

void Channel::accepted(std::uint64_t) {
  // Nobody waits for it: this channel is neither in confirm nor in transaction mode.
}

// ---- consuming

void Channel::handle(const basic::Qos& m) {
  if (m.prefetch_size != 0)
    throw ConnectionError{ReplyCode::not_implemented,
                          "prefetch_size!=0 (" + std::to_string(m.prefetch_size) + "); use prefetch_count"};
  if (m.global)
    prefetch_ = m.prefetch_count;
  else
    consumer_prefetch_ = m.prefetch_count;
  reply(m, basic::QosOk{});
  if (m.global) resume_consumers();
}

void Channel::handle(const basic::Consume& m) {
  if (consumers_.contains(m.consumer_tag))
    throw ConnectionError{ReplyCode::not_allowed,
                          "attempt to reuse consumer tag '" + std::string{m.consumer_tag} + "'"};
  auto& consumed = require_accessible_queue(m.queue, Permission::read);
  if (consumed.exclusively_consumed() || (m.exclusive && consumed.consumers() > 0))
    throw ChannelError{ReplyCode::access_refused, virtual_host().describe_queue(consumed.name()) + " in exclusive use"};
  auto tag = m.consumer_tag.empty() ? session_.context().unique_name("amq.ctag-") : std::string{m.consumer_tag};
  auto consumer =
      std::make_unique<Consumer>(*this, protocol::Ref<Queue>{&consumed},
                                 Consumer::Settings{.tag = tag,
                                                    .ack_mode = m.no_ack ? AckMode::automatic : AckMode::manual,
                                                    .exclusive = m.exclusive,
                                                    .prefetch = consumer_prefetch_});
  const auto& started = *consumers_.emplace(std::move(tag), std::move(consumer)).first->second;
  reply(m, basic::ConsumeOk{.consumer_tag = started.tag()});
  consumed.pump();
}

void Channel::handle(const basic::Cancel& m) {
  reply(m, basic::CancelOk{.consumer_tag = m.consumer_tag});
  const auto found = consumers_.find(m.consumer_tag);
  if (found == consumers_.end()) return;
  unacked_.forget(*found->second);
  consumers_.erase(found);
}

void Channel::handle(const basic::Get& m) {
  auto& from = require_accessible_queue(m.queue, Permission::read);
  auto taken = from.take();
  if (!taken) return reply(m, basic::GetEmpty{});
  const auto tag = next_tag_++;
  session_.context().tell(&Observer::on_delivered, from, taken->message, "");
  session_.answer({.channel = number_,
                   .method = basic::GetOk{.delivery_tag = tag,
                                          .redelivered = taken->redelivered,
                                          .exchange = taken->message.exchange(),
                                          .routing_key = taken->message.routing_key(),
                                          .message_count = static_cast<std::uint32_t>(from.ready())},
                   .content = taken->message.content()});
  if (m.no_ack)
    from.settle(*taken);
  else
    unacked_.push({.tag = tag, .queue = protocol::Ref<Queue>{&from}, .message = std::move(*taken)});
}

void Channel::deliver(Consumer& consumer, QueuedMessage message) {
  const auto tag = next_tag_++;
  session_.context().tell(&Observer::on_delivered, consumer.queue(), message.message, consumer.tag());
  session_.deliver({.channel = number_,
                    .method = basic::Deliver{.consumer_tag = consumer.tag(),
                                             .delivery_tag = tag,
                                             .redelivered = message.redelivered,
                                             .exchange = message.message.exchange(),
                                             .routing_key = message.message.routing_key()},
                    .content = message.message.content()});
  if (consumer.ack_mode() == AckMode::automatic)
    consumer.queue().settle(message);
  else
    unacked_.push({.tag = tag,
                   .queue = protocol::Ref<Queue>{&consumer.queue()},
                   .message = std::move(message),
                   .consumer = &consumer,
                   .was_consumed = true});
}

bool Channel::has_room_for_output() const { return session_.has_room_for_output(); }

// Each time another one comes first, so that none takes all the room that comes free.
void Channel::resume_consumers() {
  if (consumers_.empty()) return;
  auto first = consumers_.upper_bound(resumed_first_);
  if (first == consumers_.end()) first = consumers_.begin();
  resumed_first_ = first->first;
  for (auto next = first; next != consumers_.end(); ++next) next->second->resume();
  for (auto next = consumers_.begin(); next != first; ++next) next->second->resume();
}

void Channel::cancel_for_deleted_queue(const Consumer& consumer) {
  const auto found = consumers_.find(consumer.tag());
  if (session_.understands_consumer_cancel())
    session_.deliver({.channel = number_, .method = basic::Cancel{.consumer_tag = consumer.tag(), .no_wait = true}});
  unacked_.forget(consumer);
  consumers_.erase(found);
}

void Channel::delete_unused(Queue& queue) { virtual_host().delete_queue(queue); }

// ---- acking

std::vector<Unacked> Channel::take_unacked(std::uint64_t tag, bool multiple) {
  auto taken = unacked_.settle(tag, multiple);
  if (!taken) throw ChannelError{ReplyCode::precondition_failed, "unknown delivery tag " + std::to_string(tag)};
  return std::move(*taken);
}

void Channel::release_prefetch(const std::vector<Unacked>& settled) {
  for (const auto& delivery : settled) {
    if (delivery.consumer == nullptr) continue;
    delivery.consumer->release_prefetch();
    if (prefetch_ == 0) delivery.consumer->resume();
  }
  if (prefetch_ != 0) resume_consumers();
}

void Channel::handle(const basic::Ack& m) {
  const auto acked = take_unacked(m.delivery_tag, m.multiple);
  for (const auto& delivery : acked) delivery.queue->settle(delivery.message);
  release_prefetch(acked);
}

void Channel::handle(const basic::Nack& m) {
  auto nacked = take_unacked(m.delivery_tag, m.multiple);
  if (m.requeue) return requeue(std::move(nacked));
  for (const auto& delivery : nacked) delivery.queue->discard(delivery.message);
  release_prefetch(nacked);
}

void Channel::handle(const basic::Reject& m) {
  handle(basic::Nack{.delivery_tag = m.delivery_tag, .multiple = false, .requeue = m.requeue});
}

void Channel::recover(bool requeue_them) {
  if (!requeue_them) throw ConnectionError{ReplyCode::not_implemented, "requeue=false; only requeue=true is possible"};
  requeue(unacked_.settle_all());
}

void Channel::handle(const basic::Recover& m) {
  if (m.requeue) reply(m, basic::RecoverOk{});
  recover(m.requeue);
}

void Channel::handle(const basic::RecoverAsync& m) { recover(m.requeue); }

// All of them are back in their places before the first is delivered again.
void Channel::requeue(std::vector<Unacked> deliveries) {
  std::vector<protocol::Ref<Queue>> touched;
  for (auto& delivery : deliveries) {
    if (touched.empty() || touched.back() != delivery.queue) touched.push_back(delivery.queue);
    delivery.queue->put_back(std::move(delivery.message));
  }
  release_prefetch(deliveries);
  for (const auto& back : touched) back->pump();
}

}  // namespace pocketmq::broker
