// Sees every step of a message's life, and every command on the wire. Trace, metrics and test assertions hang on it.
#pragma once

#include <string_view>

#include "broker/message.hpp"
#include "protocol/codec.hpp"
#include "protocol/command.hpp"

namespace pocketmq::broker {

class Queue;
class Session;

/// Called on the broker's thread, in the middle of what happens: look, and do not touch the broker. What is not
/// overridden is not looked at. Arguments are valid until the call returns.
class Observer {
 public:
  virtual ~Observer() = default;

  virtual void on_connected(const Session&) {}
  virtual void on_disconnected(const Session&) {}
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
