// The calling side of the callback-queue pattern, without I/O: calls under way, their correlation ids and deadlines.
//
// Requests are published to the default exchange with the procedure's queue as routing key, `reply_to` and
// `correlation_id`. The core outlives connections: `open` gives it the next one. Invariants: each call completes
// exactly once, and is in `calls_` until then. A request that is not idempotent is published at most once.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "client/link/connection_core.hpp"
#include "client/link/timed.hpp"
#include "client/rpc/call_ids.hpp"
#include "client/rpc/callback_channel.hpp"
#include "client/rpc/number_map.hpp"
#include "client/rpc/queue_preparation.hpp"
#include "client/values/rpc_request.hpp"
#include "protocol/base/random_source.hpp"

namespace pocketmq::client {

struct RpcSettings {
  ReplyTo reply_to{ReplyTo::callback_queue};
  /// Use publisher confirms. A request that the broker refuses (its queue is full and rejects) then fails at once as
  /// `resource_exhausted`, instead of at its deadline.
  bool confirm{false};
  /// How long a call waits for a connection before it fails as `unavailable`, unless its own deadline comes first.
  std::chrono::milliseconds connection_wait{std::chrono::seconds{5}};
  /// For tests only: makes correlation and message ids the same in each run, so that anybody can compute them. Without
  /// it they come from the system's random source, and only the receivers of a request know its ids.
  std::optional<std::uint64_t> seed{};
};

class RpcCore final : public Timed, private CallbackChannel::Owner {
 public:
  using CallId = std::uint64_t;

  /// `deadline_changed` is called when `deadline()` is now earlier. Destroy the core after `close`, or when no thread
  /// runs the connection any more; in the second case calls under way are never completed.
  RpcCore(RpcSettings settings, MoveOnlyFunction<void()> deadline_changed);
  RpcCore(const RpcCore&) = delete;
  RpcCore& operator=(const RpcCore&) = delete;

  /// Sends calls over this open connection from now on. `opened` is called once: with an empty reason when the callback
  /// channel is set up, or with what failed. Call `open` for each new connection, after the last one is over. The core
  /// notices the end of a connection by itself.
  void open(ConnectionCore& connection, CallbackChannel::OnOpen opened);
  /// A connection attempt failed. Calls that fail while they wait for a connection give this reason.
  void connecting_failed(const CloseReason& reason) { last_loss_ = reason; }
  /// Sends a request as soon as there is a connection. `now` and `wall` are the same moment on two clocks. `completed`
  /// may be called before this returns.
  CallId call(RpcRequest&& request, protocol::TimePoint now, WallTime wall, Completed&& completed);
  /// If the call is still under way, completes it with `cancelled` and tells its server.
  void cancel(CallId id);
  /// Completes all calls with `why`; later calls fail with `why` at once. Close the connection next.
  void close(const RpcError& why);

  void tick(protocol::TimePoint now) override;
  [[nodiscard]] protocol::TimePoint deadline() const override;

  /// Calls under way.
  [[nodiscard]] std::size_t pending_calls() const { return calls_.size(); }
  /// Counts replies to calls that were over or never made, and elements of streams that came twice. From any thread.
  [[nodiscard]] std::uint64_t dropped_replies() const { return dropped_replies_.load(std::memory_order_relaxed); }

 private:
  enum class Stage : std::uint8_t {
    waiting,    // for a connection
    preparing,  // its queue
    sent,
    pausing  // before its request is sent again
  };

  struct Call {
    Call(const CallIds& named, RpcRequest&& what, Completed whom, protocol::TimePoint until, WallTime wall_until)
        : ids{named},
          request{std::move(what)},
          completed{std::move(whom)},
          deadline{until},
          wall_deadline{wall_until} {}

    CallIds ids;
    RpcRequest request;  // once it is sent, body and headers are kept only if it may be sent again
    Completed completed;
    protocol::TimePoint deadline;
    WallTime wall_deadline;
    Stage stage{Stage::waiting};
    protocol::TimePoint due{protocol::TimePoint::max()};  // `due_` has an entry for this time
    bool was_sent{false};
    bool was_lost{false};          // it was under way when a connection was lost, and is sent again
    std::int64_t next_element{0};  // the number of the stream's next element
    bool is_confirmed{false};
  };
  // When a call is due. Stale if the call's `due` has changed since, or the call is over.
  struct Due {
    protocol::TimePoint at;
    CallId id;

    friend bool operator>(const Due& a, const Due& b) { return a.at != b.at ? a.at > b.at : a.id > b.id; }
  };

  void on_reply(const protocol::Content& content) override;
  void on_return(const protocol::Content& content) override;
  void on_confirm(std::uint64_t delivery_tag, bool multiple, Confirm what) override;
  void on_lost(const CloseReason& reason) override;

  struct Found {
    CallId id{0};
    Call* call{nullptr};  // null if no call has this correlation id
  };
  [[nodiscard]] Found call_of(const protocol::Content& content);
  void start(CallId id, Call& call, protocol::TimePoint now);
  void send(CallId id, Call& call, protocol::TimePoint now);
  void wait(CallId id, Call& call, protocol::TimePoint until);
  /// Nobody serves the call's queue. If the request is being sent again, its server may have lost its connection too,
  /// and has `connection_wait` to come back.
  void on_unserved(CallId id, Call& call, const RpcError& why);
  void start_waiting();
  void end_connection(const CloseReason& reason);
  /// Lets the calls that may be sent, or sent again, wait for the next connection. Returns the ids of the others, which
  /// are lost.
  [[nodiscard]] std::vector<CallId> keep_sendable_calls(protocol::TimePoint now);

  void on_unreadable_reply(CallId id, Call& call, std::string_view fault);
  void on_plain_reply(CallId id, Call& call, std::string body);
  void on_stream_reply(CallId id, Call& call, std::int64_t number, bool is_end, std::string body);
  /// False if there was no room for the element; the call is then over.
  bool take_element(CallId id, Call& call, std::string body);

  [[nodiscard]] RpcError time_out_error(const Call& call) const;
  void drop_reply() { dropped_replies_.fetch_add(1, std::memory_order_relaxed); }
  void set_due(CallId id, Call& call, protocol::TimePoint due);
  [[nodiscard]] bool is_stale(const Due& due);
  /// Completes a call with an error, while its server may still work on it. Tells the server that nobody waits.
  void fail_and_tell_server(CallId id, const RpcError& why);
  void complete(CallId id, RpcResult result);
  void complete(CallId id, Call& call, RpcResult result);

  const RpcSettings settings_;
  MoveOnlyFunction<void()> deadline_changed_;
  ConnectionCore* connection_{nullptr};  // null while there is none
  protocol::TimePoint opened_at_;        // when the last connection opened for calls
  std::shared_ptr<CallbackChannel> channel_;
  std::shared_ptr<QueuePreparation> queues_;
  bool may_cancel_{true};  // until the broker refuses the exchange
  CloseReason last_loss_{Error::not_open, "none has opened yet"};
  std::optional<RpcError> closed_;  // the error of calls after `close`
  protocol::RandomSource random_;
  CallId last_id_{0};
  NumberMap<Call> calls_;
  std::vector<Due> due_;  // a heap, the earliest first
  std::set<CallId> waiting_;
  std::map<std::uint64_t, CallId> unconfirmed_;
  std::atomic<std::uint64_t> dropped_replies_{0};

  // Buffers for writing requests, kept so that they allocate once.
  protocol::FieldTableWriter headers_;
  std::string properties_;
};

}  // namespace pocketmq::client
