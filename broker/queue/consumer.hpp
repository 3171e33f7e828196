// A consumer (basic.consume): a channel's subscription to a queue, with its prefetch. The destructor leaves the queue.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "broker/core/quota.hpp"
#include "broker/queue/delivery_sink.hpp"
#include "broker/queue/prefetch.hpp"
#include "broker/queue/settler.hpp"

namespace pocketmq::broker {

class Consumer;

/// The queue, as its consumers see it. Counted, because consumers may still refer to a deleted queue.
class MessageSource : public protocol::Counted<MessageSource> {
 public:
  MessageSource() = default;
  MessageSource(const MessageSource&) = delete;
  MessageSource& operator=(const MessageSource&) = delete;
  virtual ~MessageSource() = default;

  /// Adds the consumer to the rotation. The queue refers to it until `detach`.
  virtual void attach(Consumer& consumer) = 0;
  /// Removes the consumer. An auto-delete queue is deleted with its last consumer.
  virtual void detach(Consumer& consumer) = 0;
  /// The consumer could not take a message, and may be able to now.
  virtual void resume(Consumer& consumer) = 0;
};

class Consumer final : private Prefetch::Owner {
 public:
  struct Settings {
    std::string tag;
    AckMode ack_mode{AckMode::manual};
    bool exclusive{false};
    std::uint16_t prefetch{0};  // unacked deliveries at a time; 0 for no limit
    std::int64_t priority{0};   // consumers with a higher priority come first
  };

  /// Joins the queue. The first delivery is made by the queue's next `serve_consumers`.
  Consumer(protocol::Ref<DeliverySink> sink, protocol::Ref<MessageSource> queue, Settings settings, Quota& quota);
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;
  ~Consumer();

  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] const std::string& tag() const { return settings_.tag; }
  [[nodiscard]] AckMode ack_mode() const { return settings_.ack_mode; }
  [[nodiscard]] bool exclusive() const { return settings_.exclusive; }
  [[nodiscard]] std::int64_t priority() const { return settings_.priority; }
  [[nodiscard]] const protocol::Ref<Prefetch>& prefetch() const { return prefetch_; }
  /// Null once it has left its queue.
  [[nodiscard]] const MessageSource* source() const { return queue_.get(); }
  /// The consumer's connection and channel.
  [[nodiscard]] Actor channel() const { return sink_->channel; }
  [[nodiscard]] bool channel_has_ended() const { return sink_->target == nullptr; }

  /// Whether prefetch, channel and connection have room for one more delivery.
  [[nodiscard]] bool can_take() const;
  /// Gives a message of its queue to the channel. The queue counts the message as unacked.
  void take(Queue& from, QueuedMessage&& message);
  /// The reason why the consumer could not take a message may be gone.
  void resume() { queue_->resume(*this); }
  /// Its queue was deleted. The consumer ends at once, or with its channel if that has ended.
  void on_queue_deleted();

 private:
  friend class ConsumerRotation;

  void on_prefetch_released() override;
  void leave_queue();
  /// Called by the rotation: the consumer could not take a message, and is not asked again until it is resumed.
  void mark_held();
  void clear_held();
  void wait_for_channel();

  const protocol::Ref<DeliverySink> sink_;
  protocol::Ref<MessageSource> queue_;
  const Settings settings_;
  const Quota::Use counted_;
  const protocol::Ref<Prefetch> prefetch_;

  // Set by the rotation: the consumer's position in its queue.
  std::list<Consumer*>::iterator rotation_position_;
  bool held_{false};

  // Its list node. While the consumer waits for the channel, the node is in the channel's list; otherwise it is kept
  // here.
  std::list<Consumer*> own_entry_{this};
  const std::list<Consumer*>::iterator entry_{own_entry_.begin()};
};

/// Consumers by their tags. The keys are views of the consumers' own tags.
using Consumers = std::map<std::string_view, std::unique_ptr<Consumer>>;

}  // namespace pocketmq::broker
