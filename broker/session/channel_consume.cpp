// What a channel consumes: its consumers, what they are given, and how long they may keep it.

#include <algorithm>

#include "broker/core/time_max.hpp"
#include "broker/message/edited_table.hpp"
#include "broker/queue/queue_arguments.hpp"
#include "broker/session/channel.hpp"

namespace pocketmq::broker {

namespace basic = protocol::basic;
namespace {

constexpr std::string_view delivery_count = "x-delivery-count";

}  // namespace

void Channel::handle(const basic::Qos& m) {
  if (m.prefetch_size != 0)
    throw ConnectionError{ReplyCode::not_implemented, "prefetch_size!=0 (" + std::to_string(m.prefetch_size) + ")"};
  // As on RabbitMQ, a limit for each consumer lifts the one that they share.
  const bool shared_limit_changes = m.global || prefetch_ != 0;
  if (!m.global) consumer_prefetch_ = m.prefetch_count;
  prefetch_ = m.global ? m.prefetch_count : 0;
  reply(m, basic::QosOk{});
  if (shared_limit_changes) ask_waiting_consumers();
}

void Channel::handle(const basic::Consume& m) {
  if (consumers_.contains(m.consumer_tag))
    throw ConnectionError{ReplyCode::not_allowed,
                          "attempt to reuse consumer tag '" + std::string{m.consumer_tag} + "'"};
  if (m.queue == direct_reply_queue) return consume_replies(m);
  auto& consumed = require_accessible_queue(m.queue, Permission::read);
  const auto described = virtual_host().describe_queue(consumed.name());
  auto priority = consumer_priority(m.arguments, consumed.settings().type, described);
  if (consumed.is_quorum() && prefetch_ != 0)
    throw ConnectionError{ReplyCode::not_implemented, described + " does not support global qos"};
  if (consumed.is_quorum() && consumed.settings().single_active_consumer) priority = 0;  // they wait in line
  const bool exclusive = m.exclusive && !consumed.is_quorum();                           // which takes no notice of it
  const bool is_shared = consumed.consumers() > 0 || consumed.settings().single_active_consumer;
  if (consumed.exclusively_consumed() || (exclusive && is_shared))
    throw ChannelError{ReplyCode::access_refused, described + " in exclusive use"};
  auto& quota = context_.quotas().consumers;
  if (quota.is_used_up())
    throw ConnectionError{ReplyCode::not_allowed,
                          "reached maximum (" + std::to_string(quota.limit()) + ") of consumers of this broker"};
  if (const auto& memory = context_.memory(); !memory.takes_users())
    throw ConnectionError{ReplyCode::resource_error, "cannot consume: " + memory.describe()};
  auto tag = m.consumer_tag.empty() ? context_.unique_name("amq.ctag-") : std::string{m.consumer_tag};
  auto consumer =
      std::make_unique<Consumer>(sink_, protocol::Ref<MessageSource>{&consumed},
                                 Consumer::Settings{.tag = std::move(tag),
                                                    .ack_mode = m.no_ack ? AckMode::automatic : AckMode::manual,
                                                    .exclusive = exclusive,
                                                    .prefetch = consumer_prefetch_,
                                                    .priority = priority},
                                 quota);
  const auto& started = *consumers_.emplace(consumer->tag(), std::move(consumer)).first->second;
  reply(m, basic::ConsumeOk{.consumer_tag = started.tag()});
  consumed.serve_consumers();
}

void Channel::handle(const basic::Cancel& m) {
  reply(m, basic::CancelOk{.consumer_tag = m.consumer_tag});
  if (reply_consumer_ && reply_consumer_->tag() == m.consumer_tag) return reply_consumer_.reset();
  const auto found = consumers_.find(m.consumer_tag);
  if (found == consumers_.end()) return;
  consumers_.erase(found);
}

void Channel::handle(const basic::Get& m) {
  auto& from = require_accessible_queue(m.queue, Permission::read);
  if (from.is_quorum() && from.settings().single_active_consumer)
    throw ChannelError{ReplyCode::resource_locked,
                       "cannot obtain access to locked " + virtual_host().describe_queue(from.name())
                           + ". basic.get operations are not supported by quorum queues with single active consumer"};
  if (!from.clear_head()) throw Unfinished{};
  auto taken = from.take();
  if (!taken) return reply(m, basic::GetEmpty{});
  const auto tag = next_tag_++;
  context_.tell(&Observer::on_delivered, from, taken->message, "");
  protocol::Command got{.channel = number_,
                        .method = basic::GetOk{.delivery_tag = tag,
                                               .redelivered = taken->redelivered,
                                               .exchange = taken->message.exchange(),
                                               .routing_key = taken->message.routing_key(),
                                               .message_count = static_cast<std::uint32_t>(from.ready())},
                        .content = taken->message.content()};
  if (from.is_quorum()) tell_returns(*taken, *got.content);
  session_.send_answer(got);
  if (m.no_ack)
    from.settle(*taken);
  else
    await_ack({.tag = tag, .queue = protocol::Ref<Queue>{&from}, .message = std::move(*taken)});
}

void Channel::send_delivery(Consumer& consumer, Queue& from, QueuedMessage&& message) {
  const auto tag = next_tag_++;
  context_.tell(&Observer::on_delivered, from, message.message, consumer.tag());
  protocol::Command delivery{.channel = number_,
                             .method = basic::Deliver{.consumer_tag = consumer.tag(),
                                                      .delivery_tag = tag,
                                                      .redelivered = message.redelivered,
                                                      .exchange = message.message.exchange(),
                                                      .routing_key = message.message.routing_key()},
                             .content = message.message.content()};
  if (from.is_quorum()) tell_returns(message, *delivery.content);
  session_.send_unasked(delivery);
  if (consumer.ack_mode() == AckMode::automatic)
    from.settle(message);
  else
    await_ack({.tag = tag,
               .queue = protocol::Ref<Queue>{&from},
               .message = std::move(message),
               .prefetch = consumer.prefetch(),
               .was_consumed = true});
}

// A quorum queue tells how often a message has come back. The content is to be sent before this is told of another.
void Channel::tell_returns(const QueuedMessage& message, protocol::Content& content) {
  protocol::FieldTableWriter count;
  count.int64(delivery_count, message.returns);
  auto properties = content.properties.decode();
  EditedTable headers{properties.headers.value_or(protocol::FieldTable{})};
  headers.set(delivery_count, *count.table().find(delivery_count));
  const auto table = headers.sorted();
  properties.headers = table.table();
  if (counted_properties_.capacity() > 1'024) counted_properties_ = {};  // not to be kept for the next one
  counted_properties_.clear();
  encode(properties, counted_properties_);
  content.properties = protocol::Properties{counted_properties_};
}

bool Channel::shared_prefetch_allows() const {
  const auto uncommitted = (transaction_ ? transaction_->consumed() : 0) + (commit_ ? commit_->consumed() : 0)
                           + (settling_ ? settling_->found.consumed : 0);
  return unacked_.consumed() + uncommitted < prefetch_;
}

// Who could not take a message, or has taken one and cannot take another, waits at the end of the line.
void Channel::ask_waiting_consumers() {
  send_waiting_replies();
  asks_left_ = sink_->waiting.size();
  if (!go_on_asking_consumers()) asking_.wait_in_line();
}

bool Channel::go_on_asking_consumers() {
  auto& waiting = sink_->waiting;
  auto& budget = context_.budget();
  for (; asks_left_ > 0 && !waiting.empty() && has_room(); --asks_left_) {
    if (budget.is_used_up()) return false;
    budget.use(steps::for_a_consumer);
    waiting.front()->resume();
  }
  asks_left_ = 0;
  return true;
}

void Channel::cancel_for_deleted_queue(const Consumer& consumer) {
  const auto found = consumers_.find(consumer.tag());
  if (session_.understands_consumer_cancel())
    session_.send_unasked(
        {.channel = number_, .method = basic::Cancel{.consumer_tag = consumer.tag(), .no_wait = true}});
  consumers_.erase(found);
}

// ---- how long an ack may take

std::chrono::milliseconds Channel::ack_time_of(const Queue& queue) const {
  return std::min(queue.settings().consumer_timeout.value_or(context_.options().consumer_timeout), time_max);
}

// One deadline serves all deliveries, and may be early: acks in time do not move it.
void Channel::await_ack(Unacked&& delivery) {
  delivery.since = context_.now();
  watch_ack_of(delivery);
  unacked_.push(std::move(delivery));
}

void Channel::watch_ack_of(const Unacked& delivery) {
  const auto time = ack_time_of(*delivery.queue);
  if (time.count() <= 0) return;
  ack_time_least_ = std::min(ack_time_least_, time);
  if (delivery.since + time < ack_due_.at()) ack_due_.set(delivery.since + time);
}

// As on RabbitMQ only the oldest delivery is looked at. One behind it, of a queue that waits less, may become it any
// time: so the next look is due after the least time.
void Channel::fail_if_acks_are_overdue() {
  const auto* oldest = unacked_.oldest();
  if (oldest == nullptr) return;
  const auto now = context_.now();
  const auto time = ack_time_of(*oldest->queue);
  const auto due = time.count() > 0 ? oldest->since + time : TimePoint::max();
  if (due > now) return ack_due_.set(std::min(due, now + ack_time_least_));
  session_.fail(*this, {ReplyCode::precondition_failed,
                        "delivery acknowledgement on channel " + std::to_string(number_)
                            + " timed out. Timeout value used: " + std::to_string(time.count())
                            + " ms. This timeout value can be configured, see consumers doc guide to learn more"});
}

}  // namespace pocketmq::broker
