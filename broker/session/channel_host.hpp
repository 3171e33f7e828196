// A channel's connection, as the channel sees it.
#pragma once

#include <cstdint>

#include "broker/core/errors.hpp"
#include "protocol/vocabulary/command.hpp"

namespace pocketmq::broker {

class Channel;
class Context;
class DirectReplies;
class Queue;
class VirtualHost;
struct User;

class ChannelHost {
 public:
  /// The number of the connection's session, by which queues are exclusive to it.
  [[nodiscard]] virtual std::uint64_t number() const = 0;
  /// Who has logged in.
  [[nodiscard]] virtual const User& user() const = 0;
  /// The virtual host that was opened.
  [[nodiscard]] virtual VirtualHost& virtual_host() const = 0;
  [[nodiscard]] virtual DirectReplies& direct_replies() const = 0;
  [[nodiscard]] virtual bool understands_consumer_cancel() const = 0;

  /// Sends what the peer's own input caused; it counts against the peer's `output_answer_bytes`.
  virtual void send_answer(const protocol::Command& command) = 0;
  /// Sends what others caused.
  virtual void send_unasked(const protocol::Command& command) = 0;
  /// Whether the output is below the mark up to which deliveries are taken.
  [[nodiscard]] virtual bool has_room_for_output() = 0;

  /// The channel reports its confirms at the end of the turn.
  virtual void report_confirms_of(const Channel& channel) = 0;
  /// The channel has begun what takes more than a slice. Until that is done nothing more is heard from the peer.
  virtual void begin_work(Channel& channel) = 0;
  /// The queue is exclusive to this connection and goes with it.
  virtual void own(Queue& queue) = 0;
  /// Ends a channel for what no method of the peer's has caused; it is gone when this returns.
  virtual void fail(const Channel& channel, const ChannelError& error) = 0;

 protected:
  ~ChannelHost() = default;
};

}  // namespace pocketmq::broker
