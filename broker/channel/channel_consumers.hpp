// A channel's consumers and its prefetch. Sends the messages that the consumers take, and answers basic.get.
#pragma once

#include <cstdint>
#include <string>

#include "broker/channel/channel_deliveries.hpp"
#include "broker/channel/channel_replies.hpp"
#include "broker/channel/channel_scope.hpp"
#include "broker/channel/channel_transactions.hpp"
#include "broker/core/backlog.hpp"
#include "broker/core/holdings.hpp"
#include "broker/queue/consumer.hpp"
#include "broker/queue/delivery_sink.hpp"

namespace pocketmq::broker {

class ChannelConsumers final : private DeliveryTarget {
 public:
  /// All arguments must outlive it.
  ChannelConsumers(ChannelScope& scope, ChannelDeliveries& deliveries, const ChannelTransactions& transactions,
                   ChannelReplies& replies);
  ChannelConsumers(const ChannelConsumers&) = delete;
  ChannelConsumers& operator=(const ChannelConsumers&) = delete;

  /// Carry out the client's methods. Throw ChannelError or ConnectionError, and then nothing has changed. `get` throws
  /// Unfinished if not all expired messages at the head of the queue are removed yet.
  void set_prefetch(const protocol::basic::Qos& m);
  void consume(const protocol::basic::Consume& m);
  void cancel(const protocol::basic::Cancel& m);
  void get(const protocol::basic::Get& m);

  /// Consumers that wait for room in the connection's output or in the channel's prefetch may take messages again, as
  /// long as there is room. The consumer that has waited longest comes first. Before the consumers, direct replies that
  /// wait for the client are sent.
  void ask_waiting_consumers() override;
  /// Call this when deliveries were settled or a transaction was committed: consumers that wait for the channel's
  /// prefetch may take messages again.
  void on_prefetch_released() {
    if (shares_prefetch()) ask_waiting_consumers();
  }

  /// Ends the consumer, as if its queue were deleted. Returns false if there is none with this tag.
  bool cancel_by_broker(std::string_view tag);
  /// The consumer with this tag; null if there is none.
  [[nodiscard]] const Consumer* find(std::string_view tag) const;

  /// Stops the consumers: they take no more messages. Returns them; the caller has to remove them from their queues.
  /// What was delivered to them stays unacked.
  [[nodiscard]] Consumers stop();
  void add_to(Holdings& holdings) const { holdings.consumers += consumers_.size(); }
  /// The prefetch that all consumers share; 0 for no limit.
  [[nodiscard]] std::uint16_t shared_prefetch() const { return prefetch_; }
  /// The prefetch of each consumer that is started from now on; 0 for no limit.
  [[nodiscard]] std::uint16_t consumer_prefetch() const { return consumer_prefetch_; }

 private:
  [[nodiscard]] bool has_room() const override {
    return (!shares_prefetch() || prefetch_allows()) && scope_.connection().has_room_for_output();
  }
  [[nodiscard]] bool shares_prefetch() const override { return prefetch_ != 0; }
  void send_delivery(Consumer& consumer, Queue& from, QueuedMessage&& message) override;
  void cancel_for_deleted_queue(const Consumer& consumer) override;

  [[nodiscard]] bool prefetch_allows() const {
    return deliveries_.prefetch_used() + transactions_.prefetch_used() < prefetch_;
  }
  [[nodiscard]] Consumer::Settings settings_for(const protocol::basic::Consume& m, const Queue& queue) const;
  void require_room_for_consumer() const;
  void add_delivery_count(const QueuedMessage& message, protocol::Content& content);
  [[nodiscard]] bool go_on_asking();

  ChannelScope& scope_;
  ChannelDeliveries& deliveries_;
  const ChannelTransactions& transactions_;
  ChannelReplies& replies_;
  const protocol::Ref<DeliverySink> sink_;
  Consumers consumers_;
  std::uint16_t prefetch_{0};           // that all consumers of the channel share; 0 for no limit
  std::uint16_t consumer_prefetch_{0};  // of each consumer that is started from now on
  std::size_t left_to_ask_{0};          // how many of the waiting consumers `go_on_asking` still asks
  Backlog::Call<ChannelConsumers> asking_;
  std::string properties_with_count_;  // of the last delivery from a quorum queue, with x-delivery-count
};

}  // namespace pocketmq::broker
