// What a channel does in transactions (AMQP 0-9-1, 1.9), to RabbitMQ's letter: bindings count as they were when a
// message was published, queues as they are at the commit; prefetch is released by the commit; what was delivered
// and is settled in vain comes back as unacked, under its old tag.

#include "broker/channel.hpp"
#include "broker/session.hpp"

namespace pocketmq::broker {

namespace tx = protocol::tx;

void Channel::handle(const tx::Select& m) {
  if (confirms_) throw ChannelError{ReplyCode::precondition_failed, "cannot switch from confirm to tx mode"};
  if (!transaction_) transaction_ = std::make_unique<Transaction>();
  reply(m, tx::SelectOk{});
}

void Channel::handle(const tx::Commit&) {
  require_transaction();
  transaction_->begin_commit();
  for (const auto& publication : transaction_->take_publications()) commit(publication);
  const bool failed = transaction_->failed();
  if (!failed) answer_commits(transaction_->arrived());  // before the deliveries that the settlements make room for
  for (auto& [outcome, deliveries] : transaction_->take_settlements()) carry_out(outcome, std::move(deliveries));
  if (failed)
    throw ChannelError{ReplyCode::precondition_failed,
                       "partial tx completion: a queue is full and refused a message; all else was committed"};
}

void Channel::handle(const tx::Rollback& m) {
  require_transaction();
  roll_back();
  reply(m, tx::RollbackOk{});
}

void Channel::require_transaction() const {
  if (!transaction_) throw ChannelError{ReplyCode::precondition_failed, "channel is not transactional"};
}

void Channel::commit(const Transaction::Publication& publication) {
  if (publication.message.exchange().empty())
    return hand_over(publication.message,
                     virtual_host().route(virtual_host().require_exchange(""), publication.message),
                     publication.mandatory);
  std::vector<Queue*> queues;
  for (const auto& queue : publication.queues)
    if (auto* there = virtual_host().find_queue(queue->name())) queues.push_back(there);
  hand_over(publication.message, queues, publication.mandatory);
}

void Channel::roll_back() {
  for (const auto& publication : transaction_->take_publications())
    session_.context().tell(&Observer::on_dropped, publication.message);
  for (auto& settlement : transaction_->take_settlements()) unacked_.restore(std::move(settlement.deliveries));
  if (const auto* oldest = unacked_.oldest()) watch_ack_of(*oldest);
}

void Channel::answer_commits(unsigned commits) {
  for (; commits > 0; --commits) send(tx::CommitOk{});
}

}  // namespace pocketmq::broker
