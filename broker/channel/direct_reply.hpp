// Direct reply-to, RabbitMQ's `amq.rabbitmq.reply-to`: replies go to the channel that asked, and no queue is needed.
//
// A requester consumes, without acks, from what looks like a queue of that name, and publishes with that name as
// `reply_to`. The broker puts a name of the consumer's own in its place; what is published to that name through the
// default exchange, in any virtual host, is delivered to the consumer. Nothing is kept for one that is gone.
//
// Replies to a requester that does not read wait, as its deliveries would. All that wait may take an eighth of the
// memory; beyond that replies to those who do not read are dropped, as RabbitMQ drops what it cannot deliver without
// acks: a requester that does not read keeps nobody from publishing.
#pragma once

#include <list>
#include <string>
#include <string_view>

#include "broker/core/by_name.hpp"
#include "broker/message/message.hpp"

namespace pocketmq::broker {

class Context;
class DirectReplies;

/// The name that requesters use. No queue has it, or begins with it.
inline constexpr std::string_view direct_reply_queue = "amq.rabbitmq.reply-to";

/// A channel's consumer of direct replies. It has its name as long as it lives.
class ReplyConsumer {
 public:
  /// Its channel.
  class Owner {
   public:
    /// Sends the reply to the client; where the client does not read, it waits.
    virtual void take_reply(const Message& reply) = 0;

   protected:
    ~Owner() = default;
  };

  /// Both outlive it.
  ReplyConsumer(Owner& channel, DirectReplies& replies, std::string tag, std::string name);
  ReplyConsumer(const ReplyConsumer&) = delete;
  ReplyConsumer& operator=(const ReplyConsumer&) = delete;
  ~ReplyConsumer();

  [[nodiscard]] const std::string& tag() const { return tag_; }
  /// Where replies are published to.
  [[nodiscard]] const std::string& name() const { return name_; }
  void take(const Message& reply) const { channel_.take_reply(reply); }

  /// Replies that wait for the requester to read, the oldest first.
  [[nodiscard]] bool has_waiting() const { return !waiting_.empty(); }
  /// False if it cannot wait: too much does.
  [[nodiscard]] bool keep(const Message& reply);
  /// Only while there is one.
  [[nodiscard]] Message take_waiting();

 private:
  struct Waiting {
    Message reply{};
    protocol::MemoryCharge charge{};
  };

  Owner& channel_;
  DirectReplies& replies_;
  std::list<Waiting> waiting_;  // so that nothing moves, however many
  const std::string tag_;
  const std::string name_;
};

/// The reply consumers of a broker, by name.
class DirectReplies {
 public:
  /// `context` outlives it.
  explicit DirectReplies(Context& context) : context_{context} {}

  /// The name for a new consumer, made from 22 characters that nobody can guess.
  [[nodiscard]] static std::string name_with(std::string_view secret);
  /// Whether it looks like such a name from another broker: RabbitMQ cannot read one, and ends the connection.
  [[nodiscard]] static bool is_forged(std::string_view name);

  /// Null if it is gone, or never was there.
  [[nodiscard]] ReplyConsumer* find(std::string_view name) const;

 private:
  friend class ReplyConsumer;

  Context& context_;
  ByName<ReplyConsumer*, std::string_view> consumers_;  // the names are the consumers' own
  std::size_t waiting_bytes_{0};                        // of all of them
};

}  // namespace pocketmq::broker
