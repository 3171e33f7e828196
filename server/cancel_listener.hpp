// Learns which requests were cancelled. Callers publish cancellations to the fanout exchange `pocketmq.rpc.cancel`, and
// each server's connection binds an exclusive queue to it.
#pragma once

#include <memory>
#include <string>

#include "client/link/connection_core.hpp"

namespace pocketmq::server {

class CancelListener {
 public:
  using OnCancel = client::MoveOnlyFunction<void(const std::string& caller, protocol::TimePoint now)>;

  /// `cancelled` is called with a request's `caller_key`. Destroy it when no thread runs the connection any more.
  explicit CancelListener(OnCancel cancelled) : cancelled_{std::move(cancelled)} {}
  CancelListener(const CancelListener&) = delete;
  CancelListener& operator=(const CancelListener&) = delete;
  ~CancelListener();

  /// Declares and consumes, on a new connection that is open. `settled` is called once, also if the broker refuses. In
  /// that case no cancellation ever arrives, and everything else works.
  void open(client::ConnectionCore& connection, client::MoveOnlyFunction<void()> settled);

 private:
  void listen();
  void settle();

  OnCancel cancelled_;
  client::ConnectionCore* connection_{nullptr};  // of the channel
  std::shared_ptr<client::ChannelCore> channel_;
  client::MoveOnlyFunction<void()> settled_;
};

}  // namespace pocketmq::server
