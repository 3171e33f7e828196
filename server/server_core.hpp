// The server's side of the callback-queue pattern, without I/O, threads and clock. It uses one connection after
// another. Each request that comes is answered, dropped or given back.
//
// A request is acked after its reply was sent. If the server crashes before that, another server gets the request.
// Answers to requests of an earlier connection are dropped, because the broker delivers those requests again.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "client/link/connection_core.hpp"
#include "client/link/timed.hpp"
#include "client/values/rpc_error.hpp"
#include "client/values/rpc_request.hpp"
#include "server/cancel_listener.hpp"
#include "server/procedure_core.hpp"
#include "server/request.hpp"

namespace pocketmq::server {

class ServerCore final : public client::Timed {
 public:
  /// At most `prefetch` requests of each procedure run at once; 0 for no limit. Destroy it when no thread runs its
  /// connection any more.
  ServerCore(std::uint16_t prefetch, ServerEvents events);
  ServerCore(const ServerCore&) = delete;
  ServerCore& operator=(const ServerCore&) = delete;

  /// Adds a procedure. `RequestId::procedure` counts them in this order, from 0. Before the first `open`.
  void serve(Served served);

  /// Declares and consumes the queues of all procedures, on a new connection that is open; an earlier one is over.
  /// `opened` is called once: when all queues are consumed, or with the first refusal. A queue that is refused, or lost
  /// later, is tried again as long as the connection lasts.
  void open(client::ConnectionCore& connection, OnOpen opened);

  // Each request that was handed out ends with one of these. They do nothing if the request's connection is gone,
  // because the request comes again then.

  /// Sends the reply, if the caller wants one, and acks. `now` matters only if answers are kept for repeats.
  void reply(RequestId id, const client::Payload& payload, protocol::TimePoint now);
  void fail(RequestId id, const client::RpcError& error, protocol::TimePoint now);
  /// Sends the end of a stream, and acks.
  void end(RequestId id);
  /// Acks a request without answering it.
  void drop(RequestId id);
  /// Returns a request that has not begun to its queue.
  void give_back(RequestId id);

  /// Sends a stream's next element. False if nobody reads the stream any more.
  bool write(RequestId id, const client::Payload& element);
  /// `on_drain` is called once, when it is time for the next element.
  void when_output_drained(RequestId id, client::MoveOnlyFunction<void()> on_drain);

  /// Takes no more requests, and gives back those that were not handed out. `drained` is called once, when all others
  /// are answered. Close the connection next.
  void stop(client::MoveOnlyFunction<void()> drained);

  void tick(protocol::TimePoint now) override;
  [[nodiscard]] protocol::TimePoint deadline() const override;

  /// Requests that are handed out and not answered yet.
  [[nodiscard]] std::size_t running_requests() const;

 private:
  void part_settled(const client::CloseReason& reason);
  void cancel(const std::string& caller, protocol::TimePoint now);
  void check_drained();

  const std::uint16_t prefetch_;
  ServerEvents events_;
  EarlyCancels early_cancels_;
  std::vector<std::unique_ptr<ProcedureCore>> procedures_;
  CancelListener cancel_listener_;
  OnOpen opened_;
  std::size_t missing_{0};  // queues, and the cancel listener, that have not settled yet
  bool stopped_{false};
  client::MoveOnlyFunction<void()> drained_;
};

}  // namespace pocketmq::server
