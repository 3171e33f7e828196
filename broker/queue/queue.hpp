// A queue: messages in order, consumers in turn.
//
// Invariant: after each call either no message is ready or no consumer can take one. `put_back` and a consumer's
// leaving are followed by `serve_consumers`. Where the budget does not allow that, the queue is in the backlog.
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
#include "broker/queue/queue_arguments.hpp"
#include "broker/queue/queue_host.hpp"
#include "broker/queue/queue_settings.hpp"
#include "broker/queue/ready_messages.hpp"
#include "protocol/base/counted.hpp"

namespace pocketmq::broker {

class Publisher;

/// A queue as it was declared (queue.declare, AMQP 0-9-1 1.7.2.1).
struct QueueDeclaration {
  std::string name;
  bool durable{false};
  bool auto_delete{false};
  std::uint64_t owner{0};  // the number of the only session that may use it, if it is exclusive
  QueueArguments arguments{};
};

/// Why an unacked delivery comes back.
enum class Return : std::uint8_t {
  asked_for,  // basic.nack, basic.reject or basic.recover
  lost        // its channel has gone
};

/// Counted: unacked deliveries of a deleted queue still refer to it.
class Queue final : public MessageSource, public Destination {
 public:
  /// `host` and `context` must outlive the queue's membership of the virtual host, and the queue. Queues may share
  /// their settings.
  Queue(QueueDeclaration declaration, std::shared_ptr<const QueueSettings> settings, Context& context, QueueHost& host);

  [[nodiscard]] const QueueDeclaration& declaration() const { return declaration_; }
  [[nodiscard]] const QueueSettings& settings() const { return *settings_; }
  [[nodiscard]] const std::string& name() const { return declaration_.name; }
  [[nodiscard]] bool is_quorum() const { return settings_->type == QueueType::quorum; }
  [[nodiscard]] std::size_t ready() const { return ready_.size(); }
  [[nodiscard]] std::size_t unacked() const { return unacked_; }
  [[nodiscard]] std::size_t consumers() const { return rotation_.size(); }
  /// Whether its one consumer wanted to be the only one.
  [[nodiscard]] bool exclusively_consumed() const { return exclusively_consumed_; }

  /// Takes a message and reports `publisher.accepted(publish)` when it is safe: at once, in memory. Or it is full, and
  /// reports `publisher.refused(publish)`.
  void enqueue(Message message, Publisher& publisher, std::uint64_t publish);
  /// An unacked delivery comes back, redelivered: to its old place, on a quorum queue where RabbitMQ puts it. Follow
  /// with `serve_consumers()`, once for all of them.
  void put_back(QueuedMessage&& message, Return why);
  /// The deliveries of a batch are about to come back: nothing is delivered until `batch_is_back`. Returns false if
  /// it has been told of that batch already.
  bool await_batch(std::uint64_t batch);
  void batch_is_back();
  /// An unacked delivery was acked.
  void settle(const QueuedMessage& message);
  /// An unacked delivery was rejected without requeue.
  void reject(const QueuedMessage& message);
  /// Drops what has expired or is too much at the head of the queue, as far as the budget goes. Returns whether all of
  /// it is gone.
  bool clear_head();
  /// The first ready message for `basic.get`, once the head is clear. It counts as unacked, until one of the three
  /// above.
  [[nodiscard]] std::optional<QueuedMessage> take();
  /// Drops the ready messages and returns how many there were.
  std::size_t purge();

  void attach(Consumer& consumer) override;
  void detach(Consumer& consumer) override;
  void resume(Consumer& consumer) override;

  /// Ready messages meet consumers that can take one, in turn.
  void serve_consumers();
  /// The queue was used as `x-expires` understands it: a get, or a declaration that is answered.
  void use();

  /// Drops everything. Its consumers get nothing any more, and are still to be taken away. What is unacked may still be
  /// settled.
  void close();
  /// One of its consumers; null if there is none.
  [[nodiscard]] Consumer* any_consumer() const { return rotation_.any(); }

 private:
  void join(Search& search) override { search.add(*this); }
  [[nodiscard]] QueuedMessage placed(Message message);
  void release_place();
  [[nodiscard]] Message give_first_up();
  void hand_to_consumer(QueuedMessage&& message, Consumer& consumer);
  [[nodiscard]] bool exceeds(std::uint64_t messages, std::uint64_t bytes) const;
  [[nodiscard]] bool refuses(const Message& message);
  void refuse(Message message, Publisher& publisher, std::uint64_t publish);
  void bury(Message message, DeathReason reason);
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
  Alarm<Queue> consumers_due_;  // a message expires, or another consumer becomes the active one
  Alarm<Queue> unused_due_;     // x-expires, perhaps
  TimePoint last_used_{};
  std::uint64_t next_position_{0};
  std::size_t unacked_{0};
  std::uint64_t last_batch_{0};     // of those that come back
  std::size_t batches_awaited_{0};  // they have not come back as a whole
  const Quota::Use counted_{context_.quotas().queues, 1, declaration_.name.size()};
  const Quota::Use arguments_counted_{context_.quotas().argument_bytes,
                                      declaration_.arguments.table().encoded().size()};
  bool exclusively_consumed_{false};
  bool is_refusing_{false};
  bool is_in_backlog_{false};  // it is pumped there
};

}  // namespace pocketmq::broker
