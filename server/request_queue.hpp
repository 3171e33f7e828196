// A procedure's queue. It is declared and consumed on a channel of its own, and again when the channel or the consumer
// is lost.
//
// Invariant: while the connection is open there is a channel, or one is being opened. So the end of the connection
// shows as the end of the channel.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "client/link/backoff.hpp"
#include "client/link/connection_core.hpp"
#include "server/request.hpp"

namespace pocketmq::server {

/// Called without a reason when it is open.
using OnOpen = client::MoveOnlyFunction<void(const client::CloseReason&)>;

class RequestQueue {
 public:
  struct Events {
    client::ChannelCore::OnDeliver delivered;
    client::ChannelCore::OnReturn returned;
    /// Deliveries that were not acked come again, here or at another server.
    client::MoveOnlyFunction<void(const client::CloseReason&)> lost;
    /// The queue cannot be consumed for this reason, and is tried again later.
    client::MoveOnlyFunction<void(const client::CloseReason&)> troubled;
    client::MoveOnlyFunction<void()> deadline_changed;
  };

  /// Destroy it when no thread runs the connection any more.
  RequestQueue(std::string queue, client::QueueOptions options, std::uint16_t prefetch, Events events);
  RequestQueue(const RequestQueue&) = delete;
  RequestQueue& operator=(const RequestQueue&) = delete;
  ~RequestQueue();

  /// Declares and consumes, on a new connection that is open; an earlier one is over. `opened` is called once.
  void open(client::ConnectionCore& connection, OnOpen opened);
  [[nodiscard]] bool is_open() const { return channel_ && channel_->is_open(); }
  /// Null while there is none.
  [[nodiscard]] client::ConnectionCore* connection() const { return connection_; }

  /// Publishes to the default exchange. While the queue is not open, this, `ack`, `give_back` and `refuse` do nothing.
  void publish(std::string_view routing_key, const protocol::Content& content, bool mandatory);
  /// As ConnectionCore's. While there is no connection, `on_drain` is called at once.
  void when_output_drained(client::MoveOnlyFunction<void()> on_drain);
  void ack(std::uint64_t delivery_tag);
  void give_back(std::uint64_t delivery_tag);
  /// The broker drops it, or dead-letters it if the queue has a dead-letter exchange.
  void refuse(std::uint64_t delivery_tag);

  /// Stops consuming. Deliveries that are on their way still come.
  void stop();

  void tick(protocol::TimePoint now);
  [[nodiscard]] protocol::TimePoint deadline() const { return retry_at_.value_or(protocol::TimePoint::max()); }
  /// The connection's time. Call it only in the connection's callbacks.
  [[nodiscard]] protocol::TimePoint now() const { return connection_->now(); }

 private:
  void open_channel();
  void consume();
  void retry_later();
  void lose(const client::CloseReason& reason);

  const std::string queue_;
  const client::QueueOptions options_;
  const std::uint16_t prefetch_;
  Events events_;
  client::ConnectionCore* connection_{nullptr};  // null while there is none
  std::shared_ptr<client::ChannelCore> channel_;
  OnOpen opened_;
  std::optional<std::string> consumer_tag_;
  std::optional<protocol::TimePoint> retry_at_;
  std::optional<protocol::TimePoint> consuming_since_;
  client::Backoff backoff_;
  bool stopped_{false};
};

}  // namespace pocketmq::server
