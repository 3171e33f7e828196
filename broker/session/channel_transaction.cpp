// What a channel does in transactions (AMQP 0-9-1, 1.9), to RabbitMQ's letter: bindings count as they were when a
// message was published, queues as they are at the commit; prefetch is released by the commit; what was delivered
// and is settled in vain comes back as unacked, under its old tag.

#include "broker/message/deferred_drops.hpp"
#include "broker/session/channel.hpp"

namespace pocketmq::broker {

namespace tx = protocol::tx;

void Channel::handle(const tx::Select& m) {
  if (confirms_) throw ChannelError{ReplyCode::precondition_failed, "cannot switch from confirm to tx mode"};
  if (!transaction_) transaction_ = std::make_unique<Transaction>();
  reply(m, tx::SelectOk{});
}

void Channel::handle(const tx::Commit&) {
  require_transaction();
  Commit::Owner& owner = *this;
  commit_ = std::make_unique<Commit>(context_, virtual_host(), transaction_->take(), owner);
  if (!go_on_with_commit()) begin_work();
}

void Channel::handle(const tx::Rollback&) {
  require_transaction();
  give_up_publications();
  is_rolling_back_ = true;
  if (!go_on_with_rollback()) begin_work();
}

void Channel::require_transaction() const {
  if (!transaction_) throw ChannelError{ReplyCode::precondition_failed, "channel is not transactional"};
}

// Returns whether that was the rest of it.
bool Channel::go_on_with_commit() {
  if (!commit_->go_on()) return false;
  const bool failed = std::exchange(commit_, nullptr)->has_failed();
  if (shares_prefetch()) ask_waiting_consumers();
  if (failed) throw ChannelError{ReplyCode::precondition_failed, "partial tx completion"};
  return true;
}

void Channel::on_committed(const Message& message, std::size_t queues, bool mandatory) {
  announce(message, queues, mandatory);
}

void Channel::on_all_taken() { send(tx::CommitOk{}); }

void Channel::give_up_publications() {
  drop(context_, [publications = transaction_->take_publications()](Budget& budget) mutable -> std::optional<Message> {
    if (publications.empty()) return std::nullopt;
    for (auto& queues = publications.front().queues; !queues.empty(); queues.pop_back()) {
      if (budget.is_used_up()) return std::nullopt;
      budget.use(steps::for_dropping(0));  // it may be the last that refers to a deleted one
    }
    auto message = std::move(publications.front().message);
    publications.pop_front();
    return message;
  });
}

// Returns whether that was the rest of it.
bool Channel::go_on_with_rollback() {
  auto& budget = context_.budget();
  while (auto delivery = transaction_->take_delivery()) {
    unacked_.restore(std::move(*delivery));
    budget.use(steps::for_a_settlement);
    if (budget.is_used_up()) return false;
  }
  is_rolling_back_ = false;
  if (const auto* oldest = unacked_.oldest()) watch_ack_of(*oldest);
  send(tx::RollbackOk{});
  return true;
}

}  // namespace pocketmq::broker
