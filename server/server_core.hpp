// The serving side of the callback-queue pattern, without I/O, threads and clock, over one connection after another:
// requests come, and each is answered, dropped or given back.
//
// A request is acked after its reply was sent, so that a server which dies in between leaves it to another one. Answers
// to requests of an earlier connection are dropped: the broker delivers those again.
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
  /// At most `prefetch` requests of each procedure run at once; 0 for no limit. Destroy it when nothing runs its
  /// connection any more.
  ServerCore(std::uint16_t prefetch, ServerEvents events);
  ServerCore(const ServerCore&) = delete;
  ServerCore& operator=(const ServerCore&) = delete;

  /// Its place is what requests come with: 0, 1, ... Before the first `open`.
  void serve(Served served);

  /// Declares and consumes all that is served, on a new connection that is open; an earlier one is over. `opened` is
  /// called once: when all is consumed, or with the first refusal. What was refused, or is lost later, is tried again
  /// as long as the connection lasts.
  void open(client::ConnectionCore& connection, OnOpen opened);

  // Each request that was handed out ends with one of these. Harmless where its connection is gone: then the request
  // comes again.

  /// Sends the reply, if one is wanted, and acks. The time is of interest where answers are kept for repeats.
  void reply(RequestId id, const client::Payload& payload, protocol::TimePoint now);
  void fail(RequestId id, const client::RpcError& error, protocol::TimePoint now);
  /// Says that a stream is over, and acks.
  void end(RequestId id);
  /// Acks a request that needs no answer any more.
  void drop(RequestId id);
  /// Leaves a request that has not begun to others.
  void give_back(RequestId id);

  /// Sends a stream's next element. False: nobody reads it any more.
  bool write(RequestId id, const client::Payload& element);
  /// `on_drain` is called once: when it is time for the next element.
  void when_output_drained(RequestId id, client::MoveOnlyFunction<void()> on_drain);

  /// Takes no more requests, and gives back those that were not handed out. `drained` is called once, when all that
  /// were are answered. Close the connection next.
  void stop(client::MoveOnlyFunction<void()> drained);

  void tick(protocol::TimePoint now) override;
  [[nodiscard]] protocol::TimePoint deadline() const override;

  /// Handed out, and not answered yet.
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
  std::size_t missing_{0};  // what has to settle before it is open
  bool stopped_{false};
  client::MoveOnlyFunction<void()> drained_;
};

}  // namespace pocketmq::server
