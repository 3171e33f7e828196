// A channel: one conversation on a connection. It carries out methods, owns its consumers, and knows what it has been
// given and has not acked.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/confirms.hpp"
#include "broker/consumer.hpp"
#include "broker/direct_reply.hpp"
#include "broker/errors.hpp"
#include "broker/fan_out.hpp"
#include "broker/permission.hpp"
#include "broker/publisher.hpp"
#include "broker/transaction.hpp"
#include "broker/unacked_window.hpp"
#include "broker/virtual_host.hpp"
#include "protocol/method.hpp"

namespace pocketmq::broker {

class Session;

class Channel final : private Publisher {
 public:
  Channel(Session& session, std::uint16_t number);
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  /// As if closed: consumers leave, what is unacked is requeued in its old order.
  ~Channel();

  [[nodiscard]] std::uint16_t number() const { return number_; }

  /// Carries out a client's method. Throws ChannelError or ConnectionError, and then nothing has changed.
  void handle(const protocol::access::Request&);
  void handle(const protocol::basic::Ack&);
  void handle(const protocol::basic::Cancel&);
  void handle(const protocol::basic::Consume&);
  void handle(const protocol::basic::Get&);
  void handle(const protocol::basic::Nack&);
  void handle(const protocol::basic::Publish&, protocol::Content&);
  void handle(const protocol::basic::Qos&);
  void handle(const protocol::basic::Recover&);
  void handle(const protocol::basic::RecoverAsync&);
  void handle(const protocol::basic::Reject&);
  void handle(const protocol::channel::Flow&);
  void handle(const protocol::confirm::Select&);
  void handle(const protocol::exchange::Bind&);
  void handle(const protocol::exchange::Declare&);
  void handle(const protocol::exchange::Delete&);
  void handle(const protocol::exchange::Unbind&);
  void handle(const protocol::queue::Bind&);
  void handle(const protocol::queue::Declare&);
  void handle(const protocol::queue::Delete&);
  void handle(const protocol::queue::Purge&);
  void handle(const protocol::queue::Unbind&);
  void handle(const protocol::tx::Commit&);
  void handle(const protocol::tx::Rollback&);
  void handle(const protocol::tx::Select&);
  /// Any other method is one that only a broker sends.
  template <class M> void handle(const M&) { refuse_as_not_a_clients(M::id); }

  /// Hands a message to the peer, for one of its consumers.
  void deliver(Consumer& consumer, QueuedMessage&& message);
  /// Hands a direct reply to the peer, for its reply consumer; where the peer does not read, it waits.
  void take_reply(const Message& message);
  /// Whether the limit that all consumers of the channel share has room for one more delivery.
  [[nodiscard]] bool prefetch_allows() const;
  /// Whether the peer reads what it is sent.
  [[nodiscard]] bool has_room_for_output() const;
  /// Whether there is such a limit.
  [[nodiscard]] bool shares_prefetch() const { return prefetch_ != 0; }
  /// The consumers that could take a message but for the channel, or for the connection's output, in line.
  [[nodiscard]] std::list<Consumer*>& waiting() { return waiting_; }
  /// What kept the consumers from taking messages, or replies from being sent, may have gone.
  void resume_consumers();
  /// There may be room in the limit that they share: those who come first in line have it.
  void share_out_prefetch();

  /// Whether there is something whose acking, committing or rolling back may free memory.
  [[nodiscard]] bool may_free_memory() const;

  /// Tells the publisher what has become of its publishes since the last report, if it asked for confirms.
  void report_confirms();

  /// All consumers leave; what they were given stays unacked.
  void stop_consuming();
  /// The consumer's queue is gone: the peer is told if it understands that, and the consumer ends.
  void cancel_for_deleted_queue(const Consumer& consumer);

 private:
  [[noreturn]] static void refuse_as_not_a_clients(const protocol::MethodId& method);
  void accepted(std::uint64_t publish) override;
  void refused(std::uint64_t publish) override;
  void tell_of_confirms();

  void send(const protocol::Method& method);
  /// Answers a request that wants an answer.
  template <class Request, class Reply> void reply(const Request& request, const Reply& reply) {
    if constexpr (requires { request.no_wait; }) {
      if (request.no_wait) return;
    }
    send(reply);
  }

  [[nodiscard]] VirtualHost& virtual_host() const;
  /// What is meant by a queue's name: an empty one stands for the queue last declared, or is ChannelError 404.
  [[nodiscard]] std::string_view name_meant(std::string_view queue) const;
  [[nodiscard]] std::string_view key_meant(std::string_view queue, std::string_view routing_key) const;
  [[nodiscard]] std::string name_for_new(const protocol::queue::Declare& queue) const;
  [[nodiscard]] Queue& require_accessible_queue(std::string_view name, Permission permission);
  /// ChannelError 403 unless the user has that permission on the queue, or the exchange, that is or would be called so.
  void require_queue_permission(Permission permission, std::string_view queue);
  void require_exchange_permission(Permission permission, std::string_view exchange);
  void require_permission(Permission permission, std::string_view resource, std::string_view name);
  /// ChannelError 403 unless the user may bind them, and unbind them. The default exchange is nobody's to bind.
  void require_may_bind_queue(std::string_view source, std::string_view queue);
  void require_may_bind_exchanges(std::string_view source, std::string_view destination);
  void require_dead_letter_permissions(const protocol::queue::Declare& method, std::string_view queue);
  void check_user_id(protocol::Properties properties) const;
  void return_to_publisher(const Message& message);
  std::size_t hand_over(const Message& message, const std::vector<Queue*>& queues, bool mandatory);
  void settle(Outcome outcome, std::uint64_t tag, bool multiple);
  void carry_out(Outcome outcome, Deliveries deliveries);
  void tell_returns(const QueuedMessage& message, protocol::Content& content);
  void await_ack(Unacked&& delivery);
  void watch_ack_of(const Unacked& delivery);
  [[nodiscard]] std::chrono::milliseconds ack_time_of(const Queue& queue) const;
  void fail_if_acks_are_overdue();
  void recover(bool requeue_them);

  void consume_replies(const protocol::basic::Consume& m);
  void declare_reply_queue(const protocol::queue::Declare& m);
  static void refuse_forged(std::string_view name);
  /// The properties, encoded, with the reply consumer's name as `reply_to`.
  [[nodiscard]] std::string address_replies(protocol::Properties properties) const;
  /// Whether the message was a direct reply to a consumer that is there.
  bool deliver_reply(const Message& message);
  void send_reply(const Message& message);
  void send_waiting_replies();

  void require_transaction() const;
  [[nodiscard]] bool commit_slice();
  std::size_t commit(const Transaction::Publication& publication);
  void check_commit() const;
  void give_up_publications();
  [[nodiscard]] bool roll_back_slice();
  void answer_commits(unsigned commits);

  void begin_work();
  [[nodiscard]] bool is_at_work() const { return work_due_.at() != TimePoint::max(); }
  [[nodiscard]] bool do_slice_of_work();
  void go_on_with_work();

  Session& session_;
  const Quota::Place counted_;
  const std::uint16_t number_;
  std::list<Consumer*> waiting_;
  std::map<std::string_view, std::unique_ptr<Consumer>> consumers_;  // by the tag, which is the consumer's own
  std::unique_ptr<ReplyConsumer> reply_consumer_;
  UnackedWindow unacked_;
  Alarm<Channel> ack_due_;  // perhaps: the oldest delivery may have been acked in time
  std::chrono::milliseconds ack_time_least_{std::chrono::milliseconds::max()};  // of the queues that it took from
  std::string counted_properties_;                     // of the last delivery from a quorum queue
  std::string last_declared_;                          // the queue that an empty name stands for
  std::uint64_t next_tag_{1};                          // tags never repeat on a channel (1.8.3.13)
  std::unique_ptr<Confirms> confirms_;                 // once confirm.select came,
  std::unique_ptr<Transaction> transaction_;           // or tx.select
  std::unique_ptr<FanOut> fan_out_;                    // while it is under way
  Alarm<Channel> work_due_;                            // set while something takes more than a turn
  std::uint16_t prefetch_{0};                          // of the whole channel, 0 for no limit
  std::uint16_t consumer_prefetch_{0};                 // of each consumer that is started from now on
  std::array<std::optional<std::string>, 3> granted_;  // by permission, the name it was last given for
};

}  // namespace pocketmq::broker
