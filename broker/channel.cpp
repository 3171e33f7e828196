#include "broker/channel.hpp"

#include "broker/session.hpp"

namespace pocketmq::broker {

namespace basic = protocol::basic;

Channel::~Channel() {
  stop_consuming();
  if (transaction_) roll_back();
  requeue(unacked_.settle_all());
}

void Channel::stop_consuming() {
  for (const auto& [tag, consumer] : consumers_) forget(*consumer);
  consumers_.clear();
  reply_consumer_.reset();
}

void Channel::forget(const Consumer& consumer) {
  unacked_.forget(consumer);
  if (transaction_) transaction_->forget(consumer);
}

// ---- answering

void Channel::send(const protocol::Method& method) { session_.answer({.channel = number_, .method = method}); }

void Channel::refuse_as_not_a_clients(const protocol::MethodId& method) {
  throw ConnectionError{ReplyCode::command_invalid, std::string{method.name} + " is not for a client to send here"};
}

void Channel::require_permission(Permission permission, std::string_view resource, std::string_view name) {
  auto& granted = granted_[static_cast<std::size_t>(permission)];  // a channel says the same names again and again
  if (granted == name) return;
  if (!session_.user().may(permission, virtual_host().name(), name))
    throw ChannelError{ReplyCode::access_refused, "access to " + std::string{resource} + " '" + std::string{name}
                                                      + "' in vhost '" + virtual_host().name() + "' refused for user '"
                                                      + session_.user().name + "'"};
  granted = name;
}

void Channel::require_queue_permission(Permission permission, std::string_view queue) {
  require_permission(permission, "queue", queue);
}

void Channel::require_exchange_permission(Permission permission, std::string_view exchange) {
  require_permission(permission, "exchange", exchange.empty() ? "amq.default" : exchange);
}

VirtualHost& Channel::virtual_host() const { return session_.virtual_host(); }

std::string_view Channel::name_meant(std::string_view queue) const {
  if (queue.empty() && last_declared_.empty()) throw ChannelError{ReplyCode::not_found, "no previously declared queue"};
  return queue.empty() ? last_declared_ : queue;
}

Queue& Channel::require_accessible_queue(std::string_view name, Permission permission) {
  const auto meant = name_meant(name);
  require_queue_permission(permission, meant);
  auto& found = virtual_host().require_queue(meant);
  require_access(virtual_host(), found, &session_);
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
  if (m.queue == direct_reply_queue) return consume_replies(m);
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
  if (reply_consumer_ && reply_consumer_->tag() == m.consumer_tag) return reply_consumer_.reset();
  const auto found = consumers_.find(m.consumer_tag);
  if (found == consumers_.end()) return;
  forget(*found->second);
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

bool Channel::prefetch_allows() const {
  const auto uncommitted = transaction_ ? transaction_->consumed() : 0;
  return prefetch_ == 0 || unacked_.consumed() + uncommitted < prefetch_;
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
  forget(consumer);
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

void Channel::handle(const basic::Ack& m) { settle(Outcome::acked, take_unacked(m.delivery_tag, m.multiple)); }

void Channel::handle(const basic::Nack& m) {
  settle(m.requeue ? Outcome::requeued : Outcome::discarded, take_unacked(m.delivery_tag, m.multiple));
}

void Channel::handle(const basic::Reject& m) {
  handle(basic::Nack{.delivery_tag = m.delivery_tag, .multiple = false, .requeue = m.requeue});
}

// Now, or at the transaction's commit.
void Channel::settle(Outcome outcome, std::vector<Unacked> deliveries) {
  if (transaction_) return transaction_->add({.outcome = outcome, .deliveries = std::move(deliveries)});
  carry_out(outcome, std::move(deliveries));
}

void Channel::carry_out(Outcome outcome, std::vector<Unacked> deliveries) {
  if (outcome == Outcome::requeued) return requeue(std::move(deliveries));
  for (const auto& delivery : deliveries) {
    if (outcome == Outcome::acked)
      delivery.queue->settle(delivery.message);
    else
      delivery.queue->discard(delivery.message);
  }
  release_prefetch(deliveries);
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
