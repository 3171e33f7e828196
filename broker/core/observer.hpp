// An observer is told about connections, each step of a message's life, and each command on the wire. The log, the
// trace, metrics and test assertions are observers.
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

/// Called on the broker's thread, in the middle of the broker's work: an observer must not change the broker. Arguments
/// are valid until the call returns. None of these functions is called for a message.
class ConnectionObserver {
 public:
  virtual ~ConnectionObserver() = default;

  /// A client has logged in and opened its virtual host.
  virtual void on_connected(const Session&) {}
  /// The connection of such a client has ended, for whatever reason.
  virtual void on_disconnected(const Session&) {}
  /// The broker closes a channel, or with channel 0 the connection, and sends the client the reason. It sends none for
  /// a log-in that it refuses to a client that does not read it.
  virtual void on_refused(const Session&, std::uint16_t, protocol::ReplyCode, std::string_view) {}
  /// The connection began with these bytes, which begin no known protocol.
  virtual void on_garbage(const Session&, std::string_view) {}
  /// The connection ended without connection.close: why, and what the connection held.
  virtual void on_lost(const Session&, std::string_view, const Holdings&) {}
  /// Memory is scarce, and the publishing client waits; then, it waits no longer.
  virtual void on_blocked(const Session&) {}
  virtual void on_unblocked(const Session&) {}
  /// The system could not accept a connection. The listener tries again soon.
  virtual void on_accept_failed(Context&, std::error_code) {}
};

/// Is told about messages and commands as well.
class Observer : public ConnectionObserver {
 public:
  virtual void on_received(const Session&, const protocol::Command&) {}
  virtual void on_sent(const Session&, const protocol::Command&) {}

  virtual void on_published(const Message&) {}
  /// The message was routed to that many queues.
  virtual void on_routed(const Message&, std::size_t) {}
  virtual void on_enqueued(const Queue&, const Message&) {}
  /// The message was sent to the consumer with that tag, or, if the tag is empty, in reply to `basic.get`.
  virtual void on_delivered(const Queue&, const Message&, std::string_view) {}
  /// A direct reply was sent to the requester's consumer with that tag.
  virtual void on_replied(const Message&, std::string_view) {}
  virtual void on_acked(const Queue&, const Message&) {}
  virtual void on_requeued(const Queue&, const Message&) {}
  virtual void on_expired(const Queue&, const Message&) {}
  virtual void on_dead_lettered(const Queue&, const Message&) {}
  virtual void on_returned(const Message&) {}
  /// The message is gone without an ack: it was unroutable, rejected or purged, or its queue was deleted.
  virtual void on_dropped(const Message&) {}
};

}  // namespace pocketmq::broker
