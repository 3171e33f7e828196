// Sees what becomes of connections, every step of a message's life, and every command on the wire. Log, trace, metrics
// and test assertions hang on it.
#pragma once

#include <string_view>
#include <system_error>

#include "broker/core/holdings.hpp"
#include "protocol/codec/codec.hpp"
#include "protocol/vocabulary/command.hpp"
#include "protocol/vocabulary/reply_code.hpp"

namespace pocketmq::broker {

class Context;
class Message;
class Queue;
class Session;

/// Called on the broker's thread, in the middle of what happens: look, and do not touch the broker. What is not
/// overridden is not looked at. Arguments are valid until the call returns. None of these is called for a message.
class ConnectionObserver {
 public:
  virtual ~ConnectionObserver() = default;

  /// A client has logged in and has its virtual host.
  virtual void on_connected(const Session&) {}
  /// One of those has ended, by whatever cause.
  virtual void on_disconnected(const Session&) {}
  /// The broker ends a channel, or with channel 0 the connection, and tells the client so (but for log-ins that are
  /// refused to clients that would not read it).
  virtual void on_refused(const Session&, std::uint16_t, protocol::ReplyCode, std::string_view) {}
  /// The connection began with these bytes, and with them no protocol does that is known.
  virtual void on_garbage(const Session&, std::string_view) {}
  /// The connection ends without a close of either side; why, and what it leaves.
  virtual void on_lost(const Session&, std::string_view, const Holdings&) {}
  /// Memory is scarce and the client, who publishes, waits; and no longer.
  virtual void on_blocked(const Session&) {}
  virtual void on_unblocked(const Session&) {}
  /// The system had no room for one more connection; the next attempt is due soon.
  virtual void on_accept_failed(Context&, std::error_code) {}
};

/// Sees messages and commands as well.
class Observer : public ConnectionObserver {
 public:
  virtual void on_received(const Session&, const protocol::Command&) {}
  virtual void on_sent(const Session&, const protocol::Command&) {}

  virtual void on_published(const Message&) {}
  /// The message goes to that many queues.
  virtual void on_routed(const Message&, std::size_t) {}
  virtual void on_enqueued(const Queue&, const Message&) {}
  /// To a consumer with that tag, or, with an empty tag, to a `basic.get`.
  virtual void on_delivered(const Queue&, const Message&, std::string_view) {}
  /// A direct reply, to the requester's consumer with that tag.
  virtual void on_replied(const Message&, std::string_view) {}
  virtual void on_acked(const Queue&, const Message&) {}
  virtual void on_requeued(const Queue&, const Message&) {}
  virtual void on_expired(const Queue&, const Message&) {}
  virtual void on_dead_lettered(const Queue&, const Message&) {}
  virtual void on_returned(const Message&) {}
  /// Gone without an ack: unroutable, rejected, purged, or its queue was deleted.
  virtual void on_dropped(const Message&) {}
};

}  // namespace pocketmq::broker
