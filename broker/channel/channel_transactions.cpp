#include "broker/channel/channel_transactions.hpp"

#include <utility>

#include "broker/message/deferred_drops.hpp"

namespace pocketmq::broker {

namespace tx = protocol::tx;

void ChannelTransactions::select(const tx::Select& m, bool has_confirms) {
  if (has_confirms) throw ChannelError{ReplyCode::precondition_failed, "cannot switch from confirm to tx mode"};
  if (scope_.transaction() == nullptr)
    scope_.context().journal().tell(event::ChannelModeSet{
        .connection = scope_.actor().connection, .channel = scope_.number(), .mode = event::ChannelMode::transaction});
  scope_.make_transactional();
  scope_.reply(m, tx::SelectOk{});
}

bool ChannelTransactions::commit() {
  auto& transaction = require_transaction();
  commit_ = std::make_unique<Commit>(scope_.context(), scope_.virtual_host(), transaction.take(), deliveries_.settler(),
                                     publisher_);
  return go_on_with_commit();
}

bool ChannelTransactions::roll_back() {
  const auto& transaction = require_transaction();
  scope_.context().journal().tell<event::TransactionRolledBack>([&] {
    return event::TransactionRolledBack{.connection = scope_.actor().connection,
                                        .channel = scope_.number(),
                                        .publishes = transaction.publication_count(),
                                        .settlements = transaction.settled_count()};
  });
  give_up_publications();
  is_rolling_back_ = true;
  return go_on_with_rollback();
}

bool ChannelTransactions::go_on() {
  if (commit_) return go_on_with_commit();
  return !is_rolling_back_ || go_on_with_rollback();
}

void ChannelTransactions::end_without_channel() {
  if (commit_) {
    commit_->leave_to_itself();
    scope_.context().backlog().keep(std::move(commit_));
  }
  if (scope_.transaction() != nullptr) give_up_publications();
}

Transaction& ChannelTransactions::require_transaction() const {
  if (scope_.transaction() == nullptr)
    throw ChannelError{ReplyCode::precondition_failed, "channel is not transactional"};
  return *scope_.transaction();
}

bool ChannelTransactions::go_on_with_commit() {
  if (!commit_->go_on()) return false;
  if (std::exchange(commit_, nullptr)->has_failed())
    throw ChannelError{ReplyCode::precondition_failed, "partial tx completion"};
  return true;
}

void ChannelTransactions::give_up_publications() {
  drop(scope_.context(),
       {.vhost = scope_.virtual_host().name(), .stage = event::Stage::publish, .reason = event::Dropped::rolled_back},
       [publications = scope_.transaction()->take_publications()](Budget& budget) mutable -> std::optional<Message> {
         if (publications.empty()) return std::nullopt;
         for (auto& queues = publications.front().queues; !queues.empty(); queues.pop_back()) {
           if (budget.is_used_up()) return std::nullopt;
           budget.use(steps::for_dropping(0));  // this may be the last reference to a deleted queue
         }
         auto message = std::move(publications.front().message);
         publications.pop_front();
         return message;
       });
}

bool ChannelTransactions::go_on_with_rollback() {
  auto& budget = scope_.context().budget();
  while (auto delivery = scope_.transaction()->take_delivery()) {
    deliveries_.restore(std::move(*delivery));
    budget.use(steps::for_a_settlement);
    if (budget.is_used_up()) return false;
  }
  is_rolling_back_ = false;
  deliveries_.restored();
  scope_.send(tx::RollbackOk{});
  return true;
}

}  // namespace pocketmq::broker
