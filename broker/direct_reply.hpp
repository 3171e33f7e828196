// Direct reply-to, RabbitMQ's `amq.rabbitmq.reply-to`: replies go to the channel that asked, and no queue is needed.
//
// A requester consumes, without acks, from what looks like a queue of that name, and publishes with that name as
// `reply_to`. The broker puts a name of the consumer's own in its place; what is published to that name through the
// default exchange, in any virtual host, is delivered to the consumer. Nothing is kept for one that is gone.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

namespace pocketmq::broker {

class Channel;
class DirectReplies;
class Message;

/// The name that requesters use. No queue has it, or begins with it.
inline constexpr std::string_view direct_reply_queue = "amq.rabbitmq.reply-to";

/// A channel's consumer of direct replies. It has its name as long as it lives.
class ReplyConsumer {
 public:
  ReplyConsumer(Channel& channel, DirectReplies& replies, std::string tag, std::string name);
  ReplyConsumer(const ReplyConsumer&) = delete;
  ReplyConsumer& operator=(const ReplyConsumer&) = delete;
  ~ReplyConsumer();

  [[nodiscard]] const std::string& tag() const { return tag_; }
  /// Where replies are published to.
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] Channel& channel() const { return channel_; }

 private:
  Channel& channel_;
  DirectReplies& replies_;
  const std::string tag_;
  const std::string name_;
};

/// The reply consumers of a broker, by name.
class DirectReplies {
 public:
  /// The name for a new consumer, made from 22 characters that nobody can guess.
  [[nodiscard]] static std::string name_with(std::string_view secret);
  /// Whether it looks like such a name from another broker: RabbitMQ cannot read one, and ends the connection.
  [[nodiscard]] static bool is_forged(std::string_view name);

  /// Null if it is gone, or never was there.
  [[nodiscard]] ReplyConsumer* find(std::string_view name) const;

 private:
  friend class ReplyConsumer;

  std::unordered_map<std::string_view, ReplyConsumer*> consumers_;
};

}  // namespace pocketmq::broker
