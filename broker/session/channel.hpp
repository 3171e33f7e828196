// A channel: one conversation on a connection. It carries out methods, owns its consumers, and knows what it has been
// given and has not acked.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/access/permission.hpp"
#include "broker/access/users.hpp"
#include "broker/core/errors.hpp"
#include "broker/core/holdings.hpp"
#include "broker/queue/consumer.hpp"
#include "broker/queue/delivery_sink.hpp"
#include "broker/queue/fan_out.hpp"
#include "broker/queue/publisher.hpp"
#include "broker/queue/unacked_window.hpp"
#include "broker/session/channel_host.hpp"
#include "broker/session/commit.hpp"
#include "broker/session/confirms.hpp"
#include "broker/session/direct_reply.hpp"
#include "broker/session/transaction.hpp"
#include "broker/vhost/virtual_host.hpp"
#include "protocol/vocabulary/method.hpp"

namespace pocketmq::broker {

class Channel final : private Publisher, private Commit::Owner, private DeliveryTarget, private ReplyConsumer::Owner {
 public:
  /// Both outlive it.
  Channel(ChannelHost& session, Context& context, std::uint16_t number);
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  /// As if closed: its consumers take nothing any more, what is unacked is requeued in its old order. A publish or a
  /// commit that is under way is completed; of deliveries that are being settled together, those that were not found
  /// yet are unacked.
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
  template <class M> void handle(const M&) { refuse_as_not_a_clients(); }

  /// What a reply consumer or consumers wait for has changed: they are asked again, as long as the channel can take
  /// more. Those who come first in line get it.
  void ask_waiting_consumers() override;

  /// Goes on with what took more than the slice in which its command came. Returns whether that is done. Throws
  /// ChannelError.
  [[nodiscard]] bool go_on_with_work();

  /// What it holds for its client.
  void add_to(Holdings& holdings) const;

  /// Whether there is something whose acking, committing or rolling back may free memory.
  [[nodiscard]] bool may_free_memory() const;

  /// Tells the publisher what has become of its publishes since the last report, if it asked for confirms.
  void report_confirms();

  /// Its consumers take nothing any more; they are returned, and still to be taken away. What they were given stays
  /// unacked.
  [[nodiscard]] Consumers stop_consuming();

 private:
  [[noreturn]] static void refuse_as_not_a_clients();
  void accepted(std::uint64_t publish) override;
  void refused(std::uint64_t publish) override;
  void tell_of_confirms();
  void on_committed(const Message& message, std::size_t queues, bool mandatory) override;
  void on_all_taken() override;
  [[nodiscard]] bool has_room() const override { return prefetch_allows() && session_.has_room_for_output(); }
  [[nodiscard]] bool shares_prefetch() const override { return prefetch_ != 0; }
  void send_delivery(Consumer& consumer, Queue& from, QueuedMessage&& message) override;
  void cancel_for_deleted_queue(const Consumer& consumer) override;
  void take_reply(const Message& message) override;
  /// Whether the limit that all consumers of the channel share has room for one more delivery.
  [[nodiscard]] bool prefetch_allows() const { return !shares_prefetch() || shared_prefetch_allows(); }
  [[nodiscard]] bool shared_prefetch_allows() const;

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
  void finish_routing();
  void add_to_transaction(const Message& message, std::vector<protocol::Ref<Queue>> queues, bool mandatory);
  void announce(const Message& message, std::size_t queues, bool mandatory);
  void return_to_publisher(const Message& message);
  void settle(Outcome outcome, std::uint64_t tag, bool multiple);
  void settle_up_to(Outcome outcome, std::uint64_t tag);
  [[nodiscard]] bool go_on_with_settling();
  void finish_settling(Outcome outcome, Settled settled);
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
  [[nodiscard]] bool go_on_with_commit();
  void give_up_publications();
  [[nodiscard]] bool go_on_with_rollback();

  void begin_work();
  void leave_work_to_itself();
  [[nodiscard]] bool go_on_asking_consumers();

  ChannelHost& session_;
  Context& context_;
  const Quota::Use counted_;
  const std::uint16_t number_;
  const protocol::Ref<DeliverySink> sink_;
  Consumers consumers_;
  std::size_t asks_left_{0};  // of consumers that wait, those that are still to be asked
  Backlog::Call<Channel> asking_;
  std::unique_ptr<ReplyConsumer> reply_consumer_;
  UnackedWindow unacked_;
  Alarm<Channel> ack_due_;  // perhaps: the oldest delivery may have been acked in time
  std::chrono::milliseconds ack_time_least_{std::chrono::milliseconds::max()};  // of the queues that it took from
  std::string counted_properties_;            // of the last delivery from a quorum queue
  std::string last_declared_;                 // the queue that an empty name stands for
  std::uint64_t next_tag_{1};                 // tags never repeat on a channel (1.8.3.13)
  std::unique_ptr<Confirms> confirms_;        // once confirm.select came,
  std::unique_ptr<Transaction> transaction_;  // or tx.select
  // What takes more than a slice: a publish is routed, or handed over; deliveries are looked for that are settled
  // together; a commit; or a rollback.
  std::unique_ptr<Routing> routing_;
  bool routes_mandatory_{false};
  std::unique_ptr<FanOut> fan_out_;
  struct Settling {
    Outcome outcome;
    std::uint64_t up_to;
    Settled found{};
  };
  std::unique_ptr<Settling> settling_;
  std::unique_ptr<Commit> commit_;
  bool is_rolling_back_{false};
  std::uint16_t prefetch_{0};                          // of the whole channel, 0 for no limit
  std::uint16_t consumer_prefetch_{0};                 // of each consumer that is started from now on
  std::array<std::optional<std::string>, 3> granted_;  // by permission, the name it was last given for
};

}  // namespace pocketmq::broker
