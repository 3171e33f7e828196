// A queue: messages in order and consumers in rotation.
//
// Invariant: after each call, either no message is ready or no consumer can take one. After `put_back`, and after a
// consumer has left, `serve_consumers` is called. If the budget does not allow that, the queue waits in the backlog.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/core/context.hpp"
#include "broker/queue/consumer.hpp"
#include "broker/queue/consumer_rotation.hpp"
#include "broker/queue/destination.hpp"
#include "broker/queue/queue_declaration.hpp"
#include "broker/queue/queue_events.hpp"
#include "broker/queue/queue_host.hpp"
#include "broker/queue/queue_settings.hpp"
#include "broker/queue/ready_messages.hpp"
#include "broker/queue/settler.hpp"
#include "protocol/base/counted.hpp"

namespace pocketmq::broker {

class Publisher;

/// Counted, because unacked deliveries may still refer to a deleted queue.
class Queue final : public MessageSource, public Destination {
 public:
  /// `host` and `context` must outlive the queue. Queues may share settings.
  Queue(QueueDeclaration declaration, std::shared_ptr<const QueueSettings> settings, Context& context, QueueHost& host);

  [[nodiscard]] const QueueDeclaration& declaration() const { return declaration_; }
  [[nodiscard]] const QueueSettings& settings() const { return *settings_; }
  [[nodiscard]] const std::string& name() const override { return declaration_.name; }
  [[nodiscard]] event::Target target() const override { return event::Target::queue; }
  [[nodiscard]] const std::string& virtual_host_name() const { return host_.name(); }
  [[nodiscard]] bool is_quorum() const { return settings_->type == QueueType::quorum; }
  [[nodiscard]] std::size_t ready() const { return ready_.size(); }
  [[nodiscard]] std::size_t unacked() const { return unacked_; }
  [[nodiscard]] std::size_t consumers() const { return rotation_.size(); }
  /// Whether the queue has an exclusive consumer.
  [[nodiscard]] bool exclusively_consumed() const { return exclusively_consumed_; }

  // ---- for code that shows the queue
  [[nodiscard]] const ReadyMessages& ready_messages() const { return ready_; }
  [[nodiscard]] const ConsumerRotation& rotation() const { return rotation_; }

  /// Accepts a message and calls `publisher.accepted(publish)` at once, as messages are kept in memory; or, if the
  /// queue is full, calls `publisher.refused(publish)`.
  void enqueue(Message message, Publisher& publisher, std::uint64_t publish);
  /// Requeues an unacked delivery as redelivered: at its old position, or on a quorum queue where RabbitMQ puts it.
  /// Call `serve_consumers()` afterwards, once for all requeued deliveries.
  void put_back(QueuedMessage&& message, const Settler& by, std::uint64_t tag);
  /// The deliveries of a batch are about to be requeued. The queue delivers nothing until `batch_is_back`. Returns
  /// false if the queue was told of that batch before.
  bool await_batch(std::uint64_t batch);
  void batch_is_back();
  /// An unacked delivery was acked. `tag` is its delivery tag.
  void settle(const QueuedMessage& message, const Settler& by, std::uint64_t tag);
  /// An unacked delivery was rejected without requeue.
  void reject(const QueuedMessage& message, const Settler& by, std::uint64_t tag);
  /// Drops expired messages and messages beyond the length limits from the head, until the budget is used up. Returns
  /// whether none is left.
  bool clear_head();
  /// Takes the first ready message for `basic.get`. Call it only after `clear_head` returned true. The message counts
  /// as unacked until `put_back`, `settle` or `reject`.
  [[nodiscard]] std::optional<QueuedMessage> take();
  /// queue.purge: drops the ready messages and returns how many there were.
  std::size_t purge();

  void attach(Consumer& consumer) override;
  void detach(Consumer& consumer) override;
  void resume(Consumer& consumer) override;

  /// Delivers ready messages to consumers in rotation, as long as one can take a message.
  void serve_consumers();
  /// The queue was used, as `x-expires` defines it: by a get or by a declaration.
  void mark_used();

  /// What the queue tells the journal.
  [[nodiscard]] QueueEvents events() const { return {context_, host_, declaration_}; }

  /// Part of a restart, while the queue has no consumers and nothing is unacked: drops the ready messages that are
  /// transient, and moves the others to `kept`, until the budget is used up. Returns whether all were looked at. Then
  /// the queue has taken back those in `kept`, or has dropped them if it was deleted meanwhile.
  bool drop_transient(ReadyMessages& kept);
  /// The queue has been restarted: `x-expires` counts from now.
  void mark_restarted() { mark_used(); }

  /// Marks the queue as deleted and drops its ready messages, for that reason. Its consumers get nothing any more and
  /// have to be removed by the caller. Unacked messages may still be settled.
  void close(event::Dropped reason = event::Dropped::queue_deleted);
  /// One of its consumers; null if there is none.
  [[nodiscard]] Consumer* any_consumer() const { return rotation_.any(); }

 private:
  void add_to(Search& search) override { search.add(*this); }
  std::size_t drop_ready(event::Dropped reason);
  [[nodiscard]] QueuedMessage to_queued(Message message);
  void release_entry();
  [[nodiscard]] Message remove_first();
  void hand_to_consumer(QueuedMessage&& message, Consumer& consumer);
  [[nodiscard]] bool exceeds(std::uint64_t messages, std::uint64_t bytes) const;
  [[nodiscard]] bool refuses(const Message& message);
  void refuse(Message message, Publisher& publisher, std::uint64_t publish);
  void drop_refused(const Message& message);
  void dead_letter_or_drop(Message message, DeathReason reason);
  bool drop_surplus();
  bool drop_expired();
  void watch_expiry();
  void serve_consumers_later();
  void expire_if_unused();

  const QueueDeclaration declaration_;
  const std::shared_ptr<const QueueSettings> settings_;
  Context& context_;
  QueueHost& host_;
  ReadyMessages ready_{context_.memory()};
  ConsumerRotation rotation_;
  Alarm<Queue> consumers_due_;  // when a message expires or the next consumer becomes active
  Alarm<Queue> unused_due_;     // x-expires; may be too early
  TimePoint last_used_{};
  std::uint64_t next_position_{0};
  std::size_t unacked_{0};
  std::uint64_t last_batch_{0};     // the last batch that was announced
  std::size_t batches_awaited_{0};  // batches that are not completely requeued
  const Quota::Use counted_{context_.quotas().queues, 1, declaration_.name.size()};
  const Quota::Use arguments_counted_{context_.quotas().argument_bytes,
                                      declaration_.arguments.table().encoded().size()};
  bool exclusively_consumed_{false};
  bool is_refusing_{false};
  bool is_in_backlog_{false};  // a call of serve_consumers waits there
};

}  // namespace pocketmq::broker
