// A consumer: one channel's wish for a queue's messages, with its prefetch. It leaves its queue in its destructor.
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

namespace pocketmq::broker {

enum class AckMode : std::uint8_t { manual, automatic };

class Consumer;

/// The queue that a consumer takes messages from, as the consumer sees it. Counted: consumers of a deleted queue still
/// refer to it.
class MessageSource : public protocol::Counted<MessageSource> {
 public:
  MessageSource() = default;
  MessageSource(const MessageSource&) = delete;
  MessageSource& operator=(const MessageSource&) = delete;
  virtual ~MessageSource() = default;

  /// A consumer joins the rotation. The queue refers to it until `detach`.
  virtual void attach(Consumer& consumer) = 0;
  /// It leaves. A queue that auto-deletes is removed from its host when the last one has left.
  virtual void detach(Consumer& consumer) = 0;
  /// A consumer that could not take a message may be able to now.
  virtual void resume(Consumer& consumer) = 0;
};

class Consumer final : private Prefetch::Owner {
 public:
  struct Settings {
    std::string tag;
    AckMode ack_mode{AckMode::manual};
    bool exclusive{false};
    std::uint16_t prefetch{0};  // unacked deliveries at a time, 0 for no limit
    std::int64_t priority{0};   // those of a higher one come first
  };

  /// Joins the queue; the first delivery comes with the queue's next `serve_consumers`.
  Consumer(protocol::Ref<DeliverySink> sink, protocol::Ref<MessageSource> queue, Settings settings, Quota& quota);
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;
  ~Consumer();

  [[nodiscard]] const std::string& tag() const { return settings_.tag; }
  [[nodiscard]] AckMode ack_mode() const { return settings_.ack_mode; }
  [[nodiscard]] bool exclusive() const { return settings_.exclusive; }
  [[nodiscard]] std::int64_t priority() const { return settings_.priority; }
  [[nodiscard]] const protocol::Ref<Prefetch>& prefetch() const { return prefetch_; }

  /// Whether prefetch, channel and connection have room for one more delivery.
  [[nodiscard]] bool can_take() const;
  /// Hands a message of its queue's to the channel. The queue counts it as unacked.
  void take(Queue& from, QueuedMessage&& message);
  /// What kept it from taking may have gone.
  void resume() { queue_->resume(*this); }
  /// Its queue was deleted: it ends, at once or with its channel.
  void on_queue_deleted();

 private:
  friend class ConsumerRotation;

  void on_prefetch_released() override;
  void leave_queue();
  /// The turn's: it could not take a message, and is not asked again until it is resumed.
  void hold();
  void let_go();
  void wait_for_channel();

  const protocol::Ref<DeliverySink> sink_;
  protocol::Ref<MessageSource> queue_;
  const Settings settings_;
  const Quota::Use counted_;
  const protocol::Ref<Prefetch> prefetch_;

  // The turn's: where it stands in its queue.
  std::list<Consumer*>::iterator rotation_position_;
  bool held_{false};

  // Its entry in the channel's line of those who wait for the channel; kept here while it is not there.
  std::list<Consumer*> own_entry_{this};
  const std::list<Consumer*>::iterator entry_{own_entry_.begin()};
};

/// Consumers by their tags, which are their own.
using Consumers = std::map<std::string_view, std::unique_ptr<Consumer>>;

}  // namespace pocketmq::broker
