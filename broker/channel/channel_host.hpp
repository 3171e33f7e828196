// A channel's connection, as the channel sees it.
#pragma once

#include <cstdint>

#include "broker/core/errors.hpp"
#include "protocol/vocabulary/command.hpp"

namespace pocketmq::broker {

class DirectReplies;
class Queue;
class VirtualHost;
struct User;

class ChannelHost {
 public:
  /// The number of the connection's session. Exclusive queues belong to it.
  [[nodiscard]] virtual std::uint64_t number() const = 0;
  /// The user that has logged in.
  [[nodiscard]] virtual const User& user() const = 0;
  /// The virtual host that was opened.
  [[nodiscard]] virtual VirtualHost& virtual_host() const = 0;
  [[nodiscard]] virtual DirectReplies& direct_replies() const = 0;
  /// Whether the client understands a basic.cancel that the broker sends.
  [[nodiscard]] virtual bool understands_consumer_cancel() const = 0;

  /// Sends what the peer's own input caused. It counts against the peer's `output_answer_bytes`.
  virtual void send_answer(const protocol::Command& command) = 0;
  /// Sends what others caused.
  virtual void send_unasked(const protocol::Command& command) = 0;
  /// Whether the output is below the mark up to which deliveries are taken.
  [[nodiscard]] virtual bool has_room_for_output() = 0;

  /// That channel reports its confirms at the end of the turn.
  virtual void report_confirms_later(std::uint16_t channel) = 0;
  /// That channel has begun what takes more than a slice. Until it is done nothing more is heard from the peer.
  virtual void begin_work(std::uint16_t channel) = 0;
  /// The queue is exclusive to this connection and goes with it.
  virtual void own(Queue& queue) = 0;
  /// Ends that channel for an error that no method of the peer's has caused. The channel is gone when this returns.
  virtual void fail(std::uint16_t channel, const ChannelError& error) = 0;

 protected:
  ~ChannelHost() = default;
};

}  // namespace pocketmq::broker
