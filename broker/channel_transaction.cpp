// What a channel does in transactions (AMQP 0-9-1, 1.9), to RabbitMQ's letter: bindings count as they were when a
// message was published, queues as they are at the commit; prefetch is released by the commit; what was delivered
// and is settled in vain comes back as unacked, under its old tag.

#include "broker/channel.hpp"
#include "broker/session.hpp"

namespace pocketmq::broker {

namespace tx = protocol::tx;
namespace {

constexpr std::size_t slice_max = 10'000;

}  // namespace

void Channel::handle(const tx::Select& m) {
  if (confirms_) throw ChannelError{ReplyCode::precondition_failed, "cannot switch from confirm to tx mode"};
  if (!transaction_) transaction_ = std::make_unique<Transaction>();
  reply(m, tx::SelectOk{});
}

void Channel::handle(const tx::Commit&) {
  require_transaction();
  transaction_->begin_commit();
  if (!commit_slice()) return begin_work();
  check_commit();
}

void Channel::handle(const tx::Rollback&) {
  require_transaction();
  transaction_->begin_rollback();
  give_up_publications();
  if (!roll_back_slice()) begin_work();
}

void Channel::require_transaction() const {
  if (!transaction_) throw ChannelError{ReplyCode::precondition_failed, "channel is not transactional"};
}

// Returns whether that was the rest of it.
bool Channel::commit_slice() {
  for (std::size_t done = 0; done < slice_max;) {
    if (fan_out_) return false;
    if (const auto publication = transaction_->take_publication()) {
      done += commit(*publication);
    } else if (transaction_->end_publishing()) {
      // Before the deliveries that the settlements make room for.
      if (!transaction_->failed()) answer_commits(transaction_->arrived());
    } else if (auto settlement = transaction_->take_settlement()) {
      done += settlement->deliveries.size();
      carry_out(settlement->outcome, std::move(settlement->deliveries));
    } else {
      transaction_->end();
      return true;
    }
  }
  return false;
}

// Returns how much work that was.
std::size_t Channel::commit(const Transaction::Publication& publication) {
  if (publication.message.exchange().empty())
    return 1
           + hand_over(publication.message,
                       virtual_host().route(virtual_host().require_exchange(""), publication.message),
                       publication.mandatory);
  std::vector<Queue*> queues;
  for (const auto& queue : publication.queues)
    if (auto* there = virtual_host().find_queue(queue->name())) queues.push_back(there);
  return 1 + hand_over(publication.message, queues, publication.mandatory);
}

void Channel::check_commit() const {
  if (transaction_ && transaction_->failed())
    throw ChannelError{ReplyCode::precondition_failed,
                       "partial tx completion: a queue is full and refused a message; all else was committed"};
}

void Channel::give_up_publications() {
  session_.context().litter().take(
      [publications = transaction_->take_publications()]() mutable -> std::optional<Message> {
        if (publications.empty()) return std::nullopt;
        auto message = std::move(publications.front().message);
        publications.pop_front();
        return message;
      });
}

// Returns whether that was the rest of it.
bool Channel::roll_back_slice() {
  for (std::size_t done = 0; done < slice_max; ++done) {
    auto delivery = transaction_->take_delivery();
    if (!delivery) {
      transaction_->end();
      if (const auto* oldest = unacked_.oldest()) watch_ack_of(*oldest);
      send(tx::RollbackOk{});
      return true;
    }
    unacked_.restore(std::move(*delivery));
  }
  return false;
}

void Channel::answer_commits(unsigned commits) {
  for (; commits > 0; --commits) send(tx::CommitOk{});
}

}  // namespace pocketmq::broker
