// A consumer: one channel's wish for a queue's messages, with its prefetch. It leaves its queue in its destructor.
#pragma once

#include <cstdint>
#include <list>
#include <string>

#include "broker/queue.hpp"

namespace pocketmq::broker {

class Channel;

enum class AckMode : std::uint8_t { manual, automatic };

class Consumer {
 public:
  struct Settings {
    std::string tag;
    AckMode ack_mode{AckMode::manual};
    bool exclusive{false};
    std::uint16_t prefetch{0};  // unacked deliveries at a time, 0 for no limit
    std::int64_t priority{0};   // those of a higher one come first
  };

  /// Joins the queue; the first delivery comes with the queue's next pump.
  Consumer(Channel& channel, protocol::Ref<Queue> queue, Settings settings, Quota& quota);
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;
  ~Consumer();

  [[nodiscard]] const std::string& tag() const { return settings_.tag; }
  [[nodiscard]] AckMode ack_mode() const { return settings_.ack_mode; }
  [[nodiscard]] bool exclusive() const { return settings_.exclusive; }
  [[nodiscard]] std::int64_t priority() const { return settings_.priority; }
  [[nodiscard]] Channel& channel() const { return channel_; }
  [[nodiscard]] Queue& queue() const { return *queue_; }

  /// Whether prefetch, channel and connection have room for one more delivery.
  [[nodiscard]] bool can_take() const;
  /// Hands a message to the channel. The queue counts it as unacked.
  void deliver(QueuedMessage message);
  /// One of its deliveries is no longer unacked. Follow with `resume()`.
  void release_prefetch() { --unacked_; }
  /// What kept it from taking may have gone.
  void resume() { queue_->resume(*this); }

 private:
  friend class TurnOfConsumers;

  Channel& channel_;
  const protocol::Ref<Queue> queue_;
  const Settings settings_;
  const Quota::Place counted_;
  std::uint32_t unacked_{0};

  // The turn's: where it stands in its queue.
  std::list<Consumer*>::iterator place_;
  bool held_{false};
};

}  // namespace pocketmq::broker
