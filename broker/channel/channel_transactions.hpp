// A channel's transactions (AMQP 0-9-1, 1.9), as RabbitMQ has them: the bindings count that existed when a message was
// published, and the queues that exist at the commit. The commit releases prefetch. After a rollback, deliveries that
// were settled are unacked again, under their old tags.
#pragma once

#include <cstddef>
#include <memory>

#include "broker/channel/channel_deliveries.hpp"
#include "broker/channel/channel_scope.hpp"
#include "broker/channel/commit.hpp"

namespace pocketmq::broker {

class ChannelTransactions {
 public:
  /// All arguments must outlive it. `publisher` is told what becomes of the published messages.
  ChannelTransactions(ChannelScope& scope, ChannelDeliveries& deliveries, Commit::Owner& publisher)
      : scope_{scope}, deliveries_{deliveries}, publisher_{publisher} {}
  ChannelTransactions(const ChannelTransactions&) = delete;
  ChannelTransactions& operator=(const ChannelTransactions&) = delete;

  /// tx.select. ChannelError 406 if `has_confirms`.
  void select(const protocol::tx::Select& m, bool has_confirms);
  /// Carry out the transaction, or undo it. Return false if that takes more than the slice: then `go_on` continues it.
  /// ChannelError 406 unless the channel is transactional, and at the end of a commit if a queue has refused a message.
  [[nodiscard]] bool commit();
  [[nodiscard]] bool roll_back();
  /// Continues a commit or a rollback. Returns whether nothing is left to do.
  [[nodiscard]] bool go_on();
  /// The channel ends: a commit that has begun is completed without it. Uncommitted publishes are dropped.
  void end_without_channel();

  /// Calls `visit(const Unacked&)` for each delivery that is settled, but not committed.
  /// How many deliveries are settled, but not committed.
  [[nodiscard]] std::size_t unsettled_count() const {
    return (commit_ ? commit_->left().settled_count() : 0)
           + (scope_.transaction() != nullptr ? scope_.transaction()->settled_count() : 0);
  }
  bool for_each_delivery(auto&& visit) const {
    if (commit_ && !commit_->left().for_each_delivery(visit)) return false;
    return scope_.transaction() == nullptr || scope_.transaction()->content().for_each_delivery(visit);
  }
  /// How many deliveries from consumers are settled, but not committed: they still count against the channel's
  /// prefetch.
  [[nodiscard]] std::size_t prefetch_used() const {
    return (scope_.transaction() != nullptr ? scope_.transaction()->prefetch_used() : 0)
           + (commit_ ? commit_->prefetch_used() : 0);
  }

 private:
  [[nodiscard]] Transaction& require_transaction() const;
  void give_up_publications();
  [[nodiscard]] bool go_on_with_commit();
  [[nodiscard]] bool go_on_with_rollback();

  ChannelScope& scope_;
  ChannelDeliveries& deliveries_;
  Commit::Owner& publisher_;
  std::unique_ptr<Commit> commit_;
  bool is_rolling_back_{false};
};

}  // namespace pocketmq::broker
