#include "broker/session/channel.hpp"

namespace pocketmq::broker {

namespace basic = protocol::basic;

Channel::Channel(ChannelHost& session, Context& context, std::uint16_t number)
    : session_{session},
      context_{context},
      counted_{context.quotas().channels},
      number_{number},
      sink_{new DeliverySink{*this}},
      asking_{context.backlog(), *this, &Channel::go_on_asking_consumers},
      ack_due_{context.deadlines(), *this, &Channel::fail_if_acks_are_overdue} {}

Channel::~Channel() {
  std::vector<Consumers> consumers;
  consumers.push_back(stop_consuming());
  if (!consumers.back().empty()) virtual_host().delete_what_was_held(std::move(consumers), {}, nullptr);
  leave_work_to_itself();
  if (settling_) finish_settling(settling_->outcome, std::move(settling_->found));
  if (transaction_) {
    give_up_publications();
    virtual_host().settlements().take_back(transaction_->take_settlements());
  }
  if (unacked_.size() > 0) carry_out(Outcome::lost, unacked_.settle_all().deliveries);
}

Consumers Channel::stop_consuming() {
  sink_->target = nullptr;
  reply_consumer_.reset();
  return std::exchange(consumers_, {});
}

bool Channel::may_free_memory() const {
  return unacked_.size() > 0 || settling_ || (transaction_ && !transaction_->is_empty());
}

void Channel::add_to(Holdings& holdings) const {
  holdings.consumers += consumers_.size() + (reply_consumer_ ? 1 : 0);
  holdings.unacked += unacked_.size() + (settling_ ? settling_->found.deliveries.size() : 0);
  if (transaction_) holdings.uncommitted += transaction_->publication_count();
}

// ---- answering

void Channel::send(const protocol::Method& method) { session_.send_answer({.channel = number_, .method = method}); }

void Channel::refuse_as_not_a_clients() { throw ConnectionError{ReplyCode::command_invalid, "unimplemented method"}; }

void Channel::require_permission(Permission permission, std::string_view resource, std::string_view name) {
  auto& granted = granted_[static_cast<std::size_t>(permission)];  // a channel says the same names again and again
  if (granted == name) return;
  if (!session_.user().may(permission, virtual_host().name(), name, &context_.budget()))
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
  require_access(virtual_host(), found, session_.number());
  return found;
}

void Channel::handle(const protocol::access::Request& m) {
  // A relic of AMQP 0-9 that every broker grants; the ticket is ignored.
  reply(m, protocol::access::RequestOk{.ticket = 1});
}

void Channel::handle(const protocol::channel::Flow& m) {
  if (!m.active) throw ConnectionError{ReplyCode::not_implemented, "active=false"};
  reply(m, protocol::channel::FlowOk{.active = true});
}

// ---- what takes more than a slice

void Channel::begin_work() { session_.begin_work(*this); }

bool Channel::go_on_with_work() {
  if (routing_) {
    if (!routing_->go_on()) return false;
    finish_routing();
  }
  if (fan_out_) {
    if (!fan_out_->go_on(*this, context_.budget())) return false;
    fan_out_.reset();
  }
  if (settling_) return go_on_with_settling();
  if (commit_) return go_on_with_commit();
  return !is_rolling_back_ || go_on_with_rollback();
}

// ---- acking

void Channel::handle(const basic::Ack& m) { settle(Outcome::acked, m.delivery_tag, m.multiple); }

void Channel::handle(const basic::Nack& m) {
  settle(m.requeue ? Outcome::requeued : Outcome::discarded, m.delivery_tag, m.multiple);
}

void Channel::handle(const basic::Reject& m) {
  handle(basic::Nack{.delivery_tag = m.delivery_tag, .multiple = false, .requeue = m.requeue});
}

// Now, or at the transaction's commit.
void Channel::settle(Outcome outcome, std::uint64_t tag, bool multiple) {
  const auto require = [&](bool is_known) {
    if (!is_known) throw ChannelError{ReplyCode::precondition_failed, "unknown delivery tag " + std::to_string(tag)};
  };
  if (multiple) {
    require(tag == 0 || unacked_.contains(tag));
    if (tag == 0) return finish_settling(outcome, unacked_.settle_all());
    settle_up_to(outcome, tag);
  } else {
    auto delivery = unacked_.settle(tag);
    require(delivery.has_value());
    if (transaction_) return transaction_->add(outcome, std::move(*delivery));
    Settlements::carry_out(outcome, std::move(*delivery));
    if (shares_prefetch()) ask_waiting_consumers();
  }
}

void Channel::settle_up_to(Outcome outcome, std::uint64_t tag) {
  Settling settling{.outcome = outcome, .up_to = tag};
  if (unacked_.settle_up_to(tag, settling.found, context_.budget()))
    return finish_settling(outcome, std::move(settling.found));
  settling_ = std::make_unique<Settling>(std::move(settling));
  begin_work();
}

// Returns whether that was the rest of it.
bool Channel::go_on_with_settling() {
  if (!unacked_.settle_up_to(settling_->up_to, settling_->found, context_.budget())) return false;
  const auto settling = std::exchange(settling_, nullptr);
  finish_settling(settling->outcome, std::move(settling->found));
  return true;
}

void Channel::finish_settling(Outcome outcome, Settled settled) {
  if (transaction_) return transaction_->add(outcome, std::move(settled));
  carry_out(outcome, std::move(settled.deliveries));
}

void Channel::carry_out(Outcome outcome, Deliveries deliveries) {
  virtual_host().settlements().carry_out(outcome, std::move(deliveries));
  if (shares_prefetch()) ask_waiting_consumers();
}

void Channel::recover(bool requeue_them) {
  if (!requeue_them) throw ConnectionError{ReplyCode::not_implemented, "requeue=false"};
  carry_out(Outcome::requeued, unacked_.settle_all().deliveries);
}

void Channel::handle(const basic::Recover& m) {
  if (m.requeue) reply(m, basic::RecoverOk{});
  recover(m.requeue);
}

void Channel::handle(const basic::RecoverAsync& m) { recover(m.requeue); }

}  // namespace pocketmq::broker
