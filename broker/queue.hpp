// A queue: messages in order, consumers in turn.
//
// Invariants: positions never repeat and ready messages leave in their order, so whatever comes back (`put_back`) has
// its place before all that were never delivered. After each call either no message is ready or no consumer can take
// one.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "broker/context.hpp"
#include "broker/destination.hpp"
#include "broker/message.hpp"
#include "broker/queue_arguments.hpp"
#include "protocol/counted.hpp"

namespace pocketmq::broker {

class Consumer;
class Publisher;
class Session;

/// A message in one queue, ready or delivered and not acked.
struct QueuedMessage {
  Message message;
  std::uint64_t position{0};               // in the queue
  TimePoint expires_at{TimePoint::max()};  // kept when requeued
  bool redelivered{false};
};

/// A queue as it was declared (queue.declare, AMQP 0-9-1 1.7.2.1).
struct QueueDeclaration {
  std::string name;
  bool durable{false};
  bool auto_delete{false};
  const Session* owner{nullptr};  // the only connection that may use it, if it is exclusive
  QueueArguments arguments{};
};

/// Counted: unacked deliveries of a deleted queue still refer to it.
class Queue final : public protocol::Counted<Queue>, public Destination, private Deadline {
 public:
  Queue(QueueDeclaration declaration, Context& context);

  [[nodiscard]] const QueueDeclaration& declaration() const { return declaration_; }
  [[nodiscard]] const std::string& name() const { return declaration_.name; }
  [[nodiscard]] std::size_t ready() const { return returned_.size() + fresh_.size(); }
  [[nodiscard]] std::size_t unacked() const { return unacked_; }
  [[nodiscard]] std::size_t consumers() const { return willing_.size() + held_.size(); }
  /// Whether its one consumer wanted to be the only one.
  [[nodiscard]] bool exclusively_consumed() const { return exclusively_consumed_; }
  [[nodiscard]] bool deleted() const { return deleted_; }

  /// Takes a message and reports `publisher.accepted(publish)` when it is safe: at once, in memory.
  void enqueue(Message message, Publisher& publisher, std::uint64_t publish);
  /// An unacked delivery comes back to its old place, redelivered. Follow with `pump()`, once for all of them.
  void put_back(QueuedMessage message);
  /// An unacked delivery was acked.
  void settle(const QueuedMessage& message);
  /// An unacked delivery was rejected without requeue.
  void discard(const QueuedMessage& message);
  /// The first ready message for `basic.get`. It counts as unacked, until one of the three above.
  [[nodiscard]] std::optional<QueuedMessage> take();
  /// Drops the ready messages and returns how many there were.
  std::size_t purge();

  /// A consumer joins the turn. The queue refers to it until `detach`.
  void attach(Consumer& consumer);
  /// It leaves; a queue that auto-deletes and was left by its last consumer wants to be deleted: returns true.
  [[nodiscard]] bool detach(Consumer& consumer);
  /// A consumer that could not take a message may be able to now.
  void resume(Consumer& consumer);

  /// Ready messages meet consumers that can take one, in turn.
  void pump();

  /// Drops everything and lets go of the consumers, which are returned. What is unacked may still be settled.
  [[nodiscard]] std::vector<Consumer*> close();

 private:
  void join(Router& router) override;
  void due(TimePoint now) override;
  /// The first ready message goes to the consumer whose turn it is. False if none can take it.
  [[nodiscard]] bool deliver_first();
  void drop_expired();
  void watch_expiry();
  [[nodiscard]] QueuedMessage& front();
  [[nodiscard]] QueuedMessage pop_front();

  const QueueDeclaration declaration_;
  Context& context_;
  std::map<std::uint64_t, QueuedMessage> returned_;  // by position, all before fresh_
  std::deque<QueuedMessage> fresh_;
  std::list<Consumer*> willing_;  // may be able to take one; the first is next
  std::list<Consumer*> held_;     // could not, and has not been resumed
  std::uint64_t next_position_{0};
  std::size_t unacked_{0};
  bool exclusively_consumed_{false};
  bool deleted_{false};
};

}  // namespace pocketmq::broker
