// A channel: one conversation on a connection (AMQP 0-9-1, 2.1.3). It hands each method of the client's to the part
// that carries it out, and goes on with what takes more than a slice.
#pragma once

#include <cstdint>

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
  /// As if closed: its consumers take nothing any more, what is unacked is requeued in its old order. A publish or a
  /// commit that is under way is completed. Of deliveries that are being settled together, those that were not found
  /// yet are unacked.
  ~Channel();

  [[nodiscard]] std::uint16_t number() const { return scope_.number(); }

  /// Carries out a client's method. Throws ChannelError or ConnectionError, and then nothing has changed; or
  /// Unfinished, and then the method is to be carried out again in another slice.
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
  /// Any other method is one that only a broker sends.
  template <class M> void handle(const M&) { refuse_as_not_a_clients(); }

  /// Goes on with what took more than the slice in which its command came. Returns whether that is done. Throws
  /// ChannelError or ConnectionError.
  [[nodiscard]] bool go_on_with_work();
  /// The connection has room for output again: asks the consumers that wait for it.
  void ask_waiting_consumers() { consumers_.ask_waiting_consumers(); }
  /// Tells the client what has become of its publishes since the last report, if it asked for confirms.
  void report_confirms() { publisher_.report_confirms(); }
  /// Its consumers take nothing any more. They are returned, and the caller is to remove them from their queues. What
  /// they were given stays unacked.
  [[nodiscard]] Consumers stop_consuming();

  /// What it holds for its client.
  void add_to(Holdings& holdings) const;
  /// Whether there is something whose acking, committing or rolling back may free memory.
  [[nodiscard]] bool may_free_memory() const;

 private:
  [[nodiscard]] static Outcome unless_acked(bool requeue) { return requeue ? Outcome::requeued : Outcome::discarded; }
  void settle(Outcome outcome, std::uint64_t tag, bool multiple);
  void recover(bool requeue);
  [[noreturn]] static void refuse_as_not_a_clients();

  const Quota::Use counted_;
  // Each part refers only to those before it.
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
