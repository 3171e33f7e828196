// What a queue tells the journal. Each function does nothing if nobody listens. `to` and `by` are the channel of a
// delivery, and `tag` is its delivery tag.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "broker/core/context.hpp"
#include "broker/message/x_death.hpp"
#include "broker/queue/queue_declaration.hpp"
#include "broker/queue/queued_message.hpp"
#include "broker/queue/settler.hpp"

namespace pocketmq::broker {

class Consumer;
class QueueHost;

class QueueEvents {
 public:
  /// All must outlive it.
  QueueEvents(Context& context, const QueueHost& host, const QueueDeclaration& queue)
      : context_{context}, host_{host}, queue_{queue} {}

  void declared(bool created) const;
  /// queue.purge. `messages` is how many were ready.
  void purged(std::size_t messages) const;
  /// `messages` is how many were ready.
  void deleted(event::Gone reason, std::size_t messages) const;
  void consumer_started(const Consumer& consumer) const;
  void consumer_cancelled(const Consumer& consumer, event::Gone reason) const;

  // Each message causes these three events. The checks are inline, so they cost little while nobody listens.

  void enqueued(const QueuedMessage& message) const {
    if (context_.tells_messages()) tell_enqueued(message);
  }
  /// `consumer` is its tag; empty for a basic.get.
  void delivered(const QueuedMessage& message, const Settler& to, std::uint64_t tag, std::string_view consumer) const {
    if (context_.tells_messages()) tell_delivered(message, to, tag, consumer);
  }
  void acked(const QueuedMessage& message, const Settler& by, std::uint64_t tag) const {
    if (context_.tells_messages()) tell_acked(message, by, tag);
  }

  void rejected(const QueuedMessage& message, const Settler& by, std::uint64_t tag) const;
  /// `at_end`: the message stands behind those that were never delivered.
  void requeued(const QueuedMessage& message, const Settler& by, std::uint64_t tag, bool at_end) const;
  void expired(const Message& message) const;
  void dead_lettered(const Message& message, DeathReason reason) const;
  void dropped(const Message& message, event::Stage stage, event::Dropped reason) const;

 private:
  void tell_enqueued(const QueuedMessage& message) const;
  void tell_delivered(const QueuedMessage& message, const Settler& to, std::uint64_t tag,
                      std::string_view consumer) const;
  void tell_acked(const QueuedMessage& message, const Settler& by, std::uint64_t tag) const;

  Context& context_;
  const QueueHost& host_;
  const QueueDeclaration& queue_;
};

}  // namespace pocketmq::broker
