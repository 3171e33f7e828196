// What a channel needs from its connection.
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
  /// Whether the connection was lost, that is, has ended without a connection.close.
  [[nodiscard]] virtual bool is_lost() const = 0;
  /// The user that has logged in.
  [[nodiscard]] virtual const User& user() const = 0;
  /// The virtual host that was opened.
  [[nodiscard]] virtual VirtualHost& virtual_host() const = 0;
  [[nodiscard]] virtual DirectReplies& direct_replies() const = 0;
  /// Whether the client understands a basic.cancel that the broker sends.
  [[nodiscard]] virtual bool understands_consumer_cancel() const = 0;

  /// Sends a command that the peer's own input has caused. It counts against the peer's `output_answer_bytes`.
  virtual void send_answer(const protocol::Command& command) = 0;
  /// Sends a command that something else has caused, such as a delivery.
  virtual void send_unasked(const protocol::Command& command) = 0;
  /// Whether less output waits than `output_deliver_bytes`. Only then are deliveries sent.
  [[nodiscard]] virtual bool has_room_for_output() = 0;

  /// Lets the channel report its confirms at the end of the turn.
  virtual void report_confirms_later(std::uint16_t channel) = 0;
  /// The channel has begun work that takes more than a slice. Until the work is done, the broker takes no more commands
  /// from the peer.
  virtual void begin_work(std::uint16_t channel) = 0;
  /// The queue is exclusive to this connection and is deleted with it.
  virtual void own(Queue& queue) = 0;
  /// Closes the channel for an error that no method of the peer has caused. The channel is destroyed when this returns.
  virtual void fail(std::uint16_t channel, const ChannelError& error) = 0;

 protected:
  ~ChannelHost() = default;
};

}  // namespace pocketmq::broker
