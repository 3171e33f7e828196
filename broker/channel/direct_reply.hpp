// Direct reply-to, RabbitMQ's `amq.rabbitmq.reply-to`: replies go to the channel that asked, and no queue is needed.
//
// A requester consumes from that name as from a queue, without acks, and publishes with that name as `reply_to`. The
// broker replaces it by a name that only this consumer has. A message that is published to the consumer's name through
// the default exchange, in any virtual host, is delivered to the consumer. The broker keeps nothing for a consumer that
// is gone.
//
// Replies to a requester that does not read wait, as its deliveries do. All replies that wait may take an eighth of the
// memory mark. Beyond that, the broker drops replies to requesters that do not read, as RabbitMQ drops what it cannot
// deliver without acks. So a requester that does not read prevents nobody from publishing.
#pragma once

#include <list>
#include <string>
#include <string_view>

#include "broker/core/by_name.hpp"
#include "broker/message/message.hpp"

namespace pocketmq::broker {

class Context;
class DirectReplies;

/// The name that requesters use. No queue has a name that begins with it.
inline constexpr std::string_view direct_reply_queue = "amq.rabbitmq.reply-to";

/// A channel's consumer of direct replies. Its name can be found in DirectReplies as long as it lives.
class ReplyConsumer {
 public:
  /// The channel of the consumer.
  class Owner {
   public:
    /// Sends the reply to the client. If the client does not read, the reply waits.
    virtual void take_reply(const Message& reply) = 0;

   protected:
    ~Owner() = default;
  };

  /// `channel` and `replies` must outlive it.
  ReplyConsumer(Owner& channel, DirectReplies& replies, std::string tag, std::string name);
  ReplyConsumer(const ReplyConsumer&) = delete;
  ReplyConsumer& operator=(const ReplyConsumer&) = delete;
  ~ReplyConsumer();

  [[nodiscard]] const std::string& tag() const { return tag_; }
  /// The name to which replies are published.
  [[nodiscard]] const std::string& name() const { return name_; }
  void take(const Message& reply) const { channel_.take_reply(reply); }

  /// Whether replies wait for the requester to read.
  [[nodiscard]] bool has_waiting() const { return !waiting_.empty(); }
  /// Lets the reply wait. Returns false if too many bytes of replies wait already.
  [[nodiscard]] bool keep(const Message& reply);
  /// Takes the oldest waiting reply. Call it only if there is one.
  [[nodiscard]] Message take_waiting();

 private:
  struct Waiting {
    Message reply{};
    protocol::MemoryCharge charge{};
  };

  Owner& channel_;
  DirectReplies& replies_;
  std::list<Waiting> waiting_;  // a list, so that no reply moves, however many wait
  const std::string tag_;
  const std::string name_;
};

/// The reply consumers of a broker, by name.
class DirectReplies {
 public:
  /// `context` outlives it.
  explicit DirectReplies(Context& context) : context_{context} {}

  /// The name for a new consumer. `secret` has 22 characters that nobody can guess.
  [[nodiscard]] static std::string name_with(std::string_view secret);
  /// Whether it looks like the name of a reply consumer of another broker. RabbitMQ cannot read such a name, and ends
  /// the connection.
  [[nodiscard]] static bool is_forged(std::string_view name);

  /// Null if no reply consumer has that name, or if it is gone.
  [[nodiscard]] ReplyConsumer* find(std::string_view name) const;

 private:
  friend class ReplyConsumer;

  Context& context_;
  ByName<ReplyConsumer*, std::string_view> consumers_;  // the names are the consumers' own
  std::size_t waiting_bytes_{0};                        // of all of them
};

}  // namespace pocketmq::broker
