// Events of connections and their channels.
//
// A connection's number is never 0 and never repeats. The end of a connection or a channel is told before its effects:
// after it come the requeued deliveries, and the end of its consumers and its exclusive queues.
#pragma once

#include "broker/events/encoding.hpp"
#include "broker/events/reasons.hpp"

namespace pocketmq::broker::event {

/// A client has connected. This is told when the client's first four bytes have come, because an HTTP connection has no
/// events; or at the end of the connection, if that comes before.
struct ConnectionOpened {
  static constexpr Kind kind{"connection.opened", Category::connections};
  std::uint64_t connection{};
  Text address{};  // and port

  static constexpr void describe(auto& e, auto&& field) {
    field("connection", e.connection);
    field("address", e.address);
  }
};

/// The client has logged in and opened its virtual host.
struct ConnectionAuthenticated {
  static constexpr Kind kind{"connection.authenticated", Category::connections};
  std::uint64_t connection{};
  Text name{};  // what the client calls itself, or its address if it has no name
  Text address{};
  Text user{};
  Text vhost{};
  Encoding encoding{};

  static constexpr void describe(auto& e, auto&& field) {
    field("connection", e.connection);
    field("name", e.name);
    field("address", e.address);
    field("user", e.user);
    field("vhost", e.vhost);
    field("encoding", e.encoding);
  }
};

/// The connection began with bytes of no protocol that the broker speaks, and is closed.
struct ConnectionUnintelligible {
  static constexpr Kind kind{"connection.unintelligible", Category::connections};
  std::uint64_t connection{};
  Text begin{};  // its first bytes

  static constexpr void describe(auto& e, auto&& field) {
    field("connection", e.connection);
    field("begin", e.begin);
  }
};

/// The client or the broker closes the connection. If the broker does, a command.refused with scope `connection` or
/// `login`, or a connection.unintelligible, has told why.
struct ConnectionClosed {
  static constexpr Kind kind{"connection.closed", Category::connections};
  std::uint64_t connection{};
  By by{};
  std::uint16_t code{};  // of the connection.close; 0 if the broker sends none
  Text text{};           // of the connection.close

  static constexpr void describe(auto& e, auto&& field) {
    field("connection", e.connection);
    field("by", e.by);
    field(optional("code"), e.code);
    field(optional("text"), e.text);
  }
};

/// The connection ends without a close of either side. The numbers say what it held.
struct ConnectionLost {
  static constexpr Kind kind{"connection.lost", Category::connections};
  std::uint64_t connection{};
  Text text{};  // why
  std::uint64_t consumers{};
  std::uint64_t unacked{};      // deliveries, which are requeued
  std::uint64_t uncommitted{};  // publishes of open transactions, which are dropped
  std::uint64_t exclusive_queues{};

  static constexpr void describe(auto& e, auto&& field) {
    field("connection", e.connection);
    field("text", e.text);
    field("consumers", e.consumers);
    field("unacked", e.unacked);
    field("uncommitted", e.uncommitted);
    field("exclusive_queues", e.exclusive_queues);
  }
};

/// Memory is scarce, and the publishing client has to wait.
struct ConnectionBlocked {
  static constexpr Kind kind{"connection.blocked", Category::connections};
  std::uint64_t connection{};

  static constexpr void describe(auto& e, auto&& field) { field("connection", e.connection); }
};

struct ConnectionUnblocked {
  static constexpr Kind kind{"connection.unblocked", Category::connections};
  std::uint64_t connection{};

  static constexpr void describe(auto& e, auto&& field) { field("connection", e.connection); }
};

/// The broker refuses what a client asks for, and ends the channel or the connection.
struct CommandRefused {
  static constexpr Kind kind{"command.refused", Category::connections};
  std::uint64_t connection{};
  std::uint16_t channel{};  // 0 for the connection
  RefusalScope scope{};
  std::uint16_t code{};  // AMQP's reply code
  Text text{};           // without the code's name
  Text method{};         // the refused method, "queue.declare"; empty if no method is the cause

  static constexpr void describe(auto& e, auto&& field) {
    field("connection", e.connection);
    field("channel", e.channel);
    field("scope", e.scope);
    field("code", e.code);
    field("text", e.text);
    field(optional("method"), e.method);
  }
};

struct ChannelOpened {
  static constexpr Kind kind{"channel.opened", Category::connections};
  std::uint64_t connection{};
  std::uint16_t channel{};

  static constexpr void describe(auto& e, auto&& field) {
    field("connection", e.connection);
    field("channel", e.channel);
  }
};

struct ChannelClosed {
  static constexpr Kind kind{"channel.closed", Category::connections};
  std::uint64_t connection{};
  std::uint16_t channel{};
  By by{};

  static constexpr void describe(auto& e, auto&& field) {
    field("connection", e.connection);
    field("channel", e.channel);
    field("by", e.by);
  }
};

/// The channel asked for confirms, or is transactional from now on.
struct ChannelModeSet {
  static constexpr Kind kind{"channel.mode_set", Category::connections};
  std::uint64_t connection{};
  std::uint16_t channel{};
  ChannelMode mode{};

  static constexpr void describe(auto& e, auto&& field) {
    field("connection", e.connection);
    field("channel", e.channel);
    field("mode", e.mode);
  }
};

/// basic.qos: how many deliveries may be unacked at a time; 0 for any number.
struct ChannelPrefetchSet {
  static constexpr Kind kind{"channel.prefetch_set", Category::connections};
  std::uint64_t connection{};
  std::uint16_t channel{};
  std::uint16_t prefetch{};
  bool shared{};  // by all consumers of the channel; otherwise each consumer started from now on has its own

  static constexpr void describe(auto& e, auto&& field) {
    field("connection", e.connection);
    field("channel", e.channel);
    field("prefetch", e.prefetch);
    field("shared", e.shared);
  }
};

/// One side asks the other to stop sending contents on the channel, or to go on.
struct ChannelFlow {
  static constexpr Kind kind{"channel.flow", Category::connections};
  std::uint64_t connection{};
  std::uint16_t channel{};
  By by{};
  bool active{};

  static constexpr void describe(auto& e, auto&& field) {
    field("connection", e.connection);
    field("channel", e.channel);
    field("by", e.by);
    field("active", e.active);
  }
};

}  // namespace pocketmq::broker::event
