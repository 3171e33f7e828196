// A channel: one conversation on a connection (AMQP 0-9-1, 2.1.3). It passes each method of the client to the part of
// the channel that carries it out. It also continues work that takes more than one slice.
#pragma once

#include <cstdint>
#include <set>
#include <string_view>

#include "broker/channel/channel_consumers.hpp"
#include "broker/channel/channel_deliveries.hpp"
#include "broker/channel/channel_exchanges.hpp"
#include "broker/channel/channel_publisher.hpp"
#include "broker/channel/channel_queues.hpp"
#include "broker/channel/channel_replies.hpp"
#include "broker/channel/channel_scope.hpp"
#include "broker/channel/channel_transactions.hpp"
#include "broker/core/holdings.hpp"
#include "broker/core/quota.hpp"

namespace pocketmq::broker {

class Channel final {
 public:
  /// `connection` and `context` outlive it.
  Channel(ChannelHost& connection, Context& context, std::uint16_t number);
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  /// Ends the channel as if it were closed. Its consumers take no more messages. Unacked deliveries are requeued in
  /// their old order. A publish or a commit that has begun is completed, but a publish in a transaction is dropped. If
  /// an ack or nack with `multiple` has begun, the deliveries that it has found are settled, and the others are
  /// requeued.
  ~Channel();

  [[nodiscard]] std::uint16_t number() const { return scope_.number(); }

  /// Carries out a method of the client. Throws ChannelError or ConnectionError, and then nothing has changed. The
  /// exception is a commit in which a queue has refused a message: the rest of the commit is carried out before its
  /// error is thrown. Throws Unfinished if the method has to be carried out again in another slice.
  void handle(const protocol::access::Request& m);
  void handle(const protocol::basic::Ack& m) { settle(Outcome::acked, m.delivery_tag, m.multiple); }
  void handle(const protocol::basic::Cancel& m) { consumers_.cancel(m); }
  void handle(const protocol::basic::Consume& m) { consumers_.consume(m); }
  void handle(const protocol::basic::Get& m) { consumers_.get(m); }
  void handle(const protocol::basic::Nack& m) { settle(unless_acked(m.requeue), m.delivery_tag, m.multiple); }
  void handle(const protocol::basic::Publish& m, protocol::Content& content) { publisher_.publish(m, content); }
  void handle(const protocol::basic::Qos& m) { consumers_.set_prefetch(m); }
  void handle(const protocol::basic::Recover& m);
  void handle(const protocol::basic::RecoverAsync& m) { recover(m.requeue); }
  void handle(const protocol::basic::Reject& m) { settle(unless_acked(m.requeue), m.delivery_tag, false); }
  void handle(const protocol::channel::Flow& m);
  void handle(const protocol::confirm::Select& m) { publisher_.select_confirms(m); }
  void handle(const protocol::exchange::Bind& m) { exchanges_.bind(m); }
  void handle(const protocol::exchange::Declare& m) { exchanges_.declare(m); }
  void handle(const protocol::exchange::Delete& m) { exchanges_.remove(m); }
  void handle(const protocol::exchange::Unbind& m) { exchanges_.unbind(m); }
  void handle(const protocol::queue::Bind& m) { queues_.bind(m); }
  void handle(const protocol::queue::Declare& m) { queues_.declare(m); }
  void handle(const protocol::queue::Delete& m) { queues_.remove(m); }
  void handle(const protocol::queue::Purge& m) { queues_.purge(m); }
  void handle(const protocol::queue::Unbind& m) { queues_.unbind(m); }
  void handle(const protocol::tx::Commit& m);
  void handle(const protocol::tx::Rollback& m);
  void handle(const protocol::tx::Select& m) { transactions_.select(m, publisher_.has_confirms()); }
  /// Refuses all other methods: a client may not send them on an open channel.
  template <class M> void handle(const M&) { refuse_as_not_a_clients(); }

  /// Continues work that takes more than the slice of its command. Returns whether the work is done. Throws
  /// ChannelError or ConnectionError.
  [[nodiscard]] bool go_on_with_work();
  /// Call this when the connection has room for output again: the consumers that wait for room may take messages.
  void ask_waiting_consumers() { consumers_.ask_waiting_consumers(); }
  /// Tells the client what has become of its publishes since the last report, if the channel is in confirm mode.
  void report_confirms() { publisher_.report_confirms(); }
  /// Stops the consumers: they take no more messages. Returns them; the caller has to remove them from their queues.
  /// What was delivered to them stays unacked.
  [[nodiscard]] Consumers stop_consuming();

  /// Adds what the channel holds for its client to `holdings`.
  void add_to(Holdings& holdings) const;

  // ---- for code that shows the channel

  [[nodiscard]] bool has_confirms() const { return publisher_.has_confirms(); }
  [[nodiscard]] bool is_transactional() const { return scope_.transaction() != nullptr; }
  [[nodiscard]] std::uint16_t shared_prefetch() const { return consumers_.shared_prefetch(); }
  [[nodiscard]] std::uint16_t consumer_prefetch() const { return consumers_.consumer_prefetch(); }
  /// The consumer of direct replies; null if there is none.
  [[nodiscard]] const ReplyConsumer* reply_consumer() const { return replies_.consumer(); }
  /// How many deliveries are not settled. What a transaction settles is not settled before its commit.
  [[nodiscard]] std::size_t unacked_count() const {
    return deliveries_.unsettled_count() + transactions_.unsettled_count();
  }
  /// Calls `visit(const Unacked&)` for each of them, in no particular order, until it returns false.
  void for_each_unacked(auto&& visit) const {
    (void)(deliveries_.for_each(visit) && transactions_.for_each_delivery(visit));
  }

  // ---- for faults of the test kit

  /// Carry out a basic.publish, but the message goes to no queue; see ChannelPublisher. Not in a transaction.
  void refuse_publish(const protocol::basic::Publish& m, protocol::Content& content, event::Dropped reason) {
    publisher_.refuse(m, content, reason);
  }
  void return_publish(const protocol::basic::Publish& m, protocol::Content& content, std::uint16_t code,
                      std::string_view text) {
    publisher_.return_unrouted(m, content, code, text);
  }
  /// Carries out a basic.ack, but the ack of these deliveries gets lost: they are requeued. Not in a transaction.
  void ack_all_but(const protocol::basic::Ack& m, const std::set<std::uint64_t>& lost);
  /// Ends the consumer, as if its queue were deleted. Returns false if there is none with this tag.
  bool cancel_consumer(std::string_view tag) { return consumers_.cancel_by_broker(tag); }
  /// The consumer with this tag; null if there is none. One of direct replies is not found.
  [[nodiscard]] const Consumer* find_consumer(std::string_view tag) const { return consumers_.find(tag); }

  // ---- for the session

  /// Whether the client may free memory through this channel, by an ack, a commit or a rollback.
  [[nodiscard]] bool may_free_memory() const;

 private:
  [[nodiscard]] static Outcome unless_acked(bool requeue) { return requeue ? Outcome::requeued : Outcome::discarded; }
  void settle(Outcome outcome, std::uint64_t tag, bool multiple);
  void recover(bool requeue);
  [[noreturn]] static void refuse_as_not_a_clients();

  const Quota::Use counted_;
  // Each part refers only to parts above it.
  ChannelScope scope_;
  ChannelDeliveries deliveries_{scope_};
  ChannelReplies replies_{scope_, deliveries_};
  ChannelPublisher publisher_{scope_, replies_};
  ChannelTransactions transactions_{scope_, deliveries_, publisher_};
  ChannelConsumers consumers_{scope_, deliveries_, transactions_, replies_};
  ChannelQueues queues_{scope_, replies_};
  ChannelExchanges exchanges_{scope_};
};

}  // namespace pocketmq::broker
