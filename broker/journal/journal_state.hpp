// The state of the broker after any number of the journal's events. It is a pure function of the events, so that
// readers in other languages can compute the same state.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "broker/events/event.hpp"
#include "broker/journal/snapshot.hpp"

namespace pocketmq::broker {

class JournalState {
 public:
  /// Applies the next event. Begin with the broker's first event. If an event refers to an object of which no event has
  /// told, that part of the event is ignored.
  void apply(const Entry& entry);

  /// False once a gap has been told.
  [[nodiscard]] bool is_complete() const { return is_complete_; }
  /// The number of the last event.
  [[nodiscard]] std::uint64_t number() const { return snapshot_.number; }

  [[nodiscard]] Snapshot snapshot() const;

  /// How many messages have not ended: they are on their way to a queue, or in one.
  [[nodiscard]] std::size_t message_count() const { return messages_.size(); }

 private:
  // The place of a ready message in its queue's order: by priority, the highest first; then requeued messages before
  // the others; then by position.
  struct Place {
    int below_priority{};
    bool is_new{};
    std::uint64_t position{};

    friend auto operator<=>(const Place&, const Place&) = default;
  };
  struct Delivery {
    std::uint64_t connection{};
    std::uint16_t channel{};
    std::uint64_t tag{};
    std::string consumer{};
  };
  // A deleted queue is kept as long as one of its messages is unacked or about to be dropped.
  struct Queue {
    std::string name{};
    std::map<Place, std::uint64_t> ready{};
    std::map<std::uint64_t, Place> places{};  // of messages that are or were ready
    std::map<std::uint64_t, Delivery> unacked{};
    // How many consumers of a closed channel are still to be told as cancelled, where a consumer of the next channel of
    // that number has the same tag.
    std::map<Snapshot::ConsumerName, std::size_t> replaced{};
  };
  struct Message {
    bool is_published{true};   // and not yet routed
    std::uint64_t awaited{0};  // queues and requesters that are to take it
    std::uint64_t letters{0};  // queues that have dead-lettered it, where the dead letter is not published yet
    std::map<std::string, std::shared_ptr<Queue>, std::less<>> queues{};  // that it is in
  };
  using QueueName = std::pair<std::string, std::string>;  // the names of its virtual host and the queue

  // An event without an `on` of its own does not change the state.
  template <class E> void on(const E&) {}
  void on(const event::Gap&);
  void on(const event::ConnectionOpened& e);
  void on(const event::ConnectionAuthenticated& e);
  void on(const event::ConnectionClosed& e);
  void on(const event::ConnectionLost& e);
  void on(const event::ConnectionBlocked& e);
  void on(const event::ConnectionUnblocked& e);
  void on(const event::ChannelOpened& e);
  void on(const event::ChannelClosed& e);
  void on(const event::ChannelModeSet& e);
  void on(const event::ChannelPrefetchSet& e);
  void on(const event::VhostCreated& e);
  void on(const event::VhostDeleted& e);
  void on(const event::QueueDeclared& e);
  void on(const event::QueuePurged& e);
  void on(const event::QueueDeleted& e);
  void on(const event::ExchangeDeclared& e);
  void on(const event::ExchangeDeleted& e);
  void on(const event::BindingCreated& e);
  void on(const event::BindingDeleted& e);
  void on(const event::ConsumerStarted& e);
  void on(const event::ConsumerCancelled& e);
  void on(const event::PolicySet& e);
  void on(const event::MessagePublished& e);
  void on(const event::DeadLetterPublished& e);
  void on(const event::MessageRouted& e);
  void on(const event::MessageEnqueued& e);
  void on(const event::MessageDelivered& e);
  void on(const event::MessageAcked& e);
  void on(const event::MessageRequeued& e);
  void on(const event::MessageDeadLettered& e);
  void on(const event::MessageDropped& e);
  void on(const event::MessageReturned& e);
  void on(const event::MessageReplied& e);

  [[nodiscard]] Snapshot::Queue* find_queue(std::string_view vhost, std::string_view queue);
  [[nodiscard]] Snapshot::Channel* find_channel(std::uint64_t connection, std::uint16_t channel);
  [[nodiscard]] Message* find_message(std::uint64_t number);
  [[nodiscard]] Queue* find_queue_of(std::uint64_t message, std::string_view queue);
  void forget_consumer(Snapshot::Channel& channel, std::string_view tag);
  void leave_queue(std::uint64_t message, std::string_view queue);
  void forget_delivery(Queue& queue, std::uint64_t message);
  void forget_ended(std::uint64_t message);

  Snapshot snapshot_;  // without ready messages: those are in `queues_`
  std::map<QueueName, std::shared_ptr<Queue>> queues_;
  std::map<std::uint64_t, Message> messages_;
  bool is_complete_{true};
};

}  // namespace pocketmq::broker
