// The calling side of the callback-queue pattern, without I/O: calls under way, their correlation ids and deadlines.
//
// Requests go to the default exchange with the procedure's queue as routing key, `reply_to` and `correlation_id`;
// replies come to one exclusive callback queue (RabbitMQ's tutorial six). Invariant: each call completes exactly once,
// and is in `pending_` until then.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "client/connection_core.hpp"
#include "client/queue_options.hpp"
#include "client/rpc_error.hpp"
#include "client/timed.hpp"

namespace pocketmq::client {

using WallTime = std::chrono::system_clock::time_point;

/// A body with what says how to read it; an empty type means JSON.
struct Payload {
  std::string body{};
  std::string_view content_type{};  // of static lifetime
};

struct RpcRequest {
  std::string queue{};
  Payload payload{};
  std::chrono::milliseconds timeout{};    // no_timeout for none
  std::optional<QueueOptions> declare{};  // the queue is declared before the first request goes there
};

inline constexpr auto no_timeout = std::chrono::milliseconds::max();

/// A reply's body, or how the call failed.
struct RpcResult {
  std::string body{};
  std::optional<RpcError> error{};
};

class RpcCore final : public Timed {
 public:
  using CallId = std::uint64_t;
  using Completed = MoveOnlyFunction<void(RpcResult)>;

  /// `deadline_changed` is called when the deadline came nearer. Destroy it after `close`, or when nothing runs the
  /// connection any more; calls under way are then not completed.
  explicit RpcCore(MoveOnlyFunction<void()> deadline_changed) : deadline_changed_{std::move(deadline_changed)} {}
  RpcCore(const RpcCore&) = delete;
  RpcCore& operator=(const RpcCore&) = delete;
  ~RpcCore();

  /// Declares and consumes a callback queue, on an open connection; again on the next one when that is over.
  void open(ConnectionCore& connection, Done<> done);
  /// Sends a request. `now` and `wall` are the same moment on both clocks. `completed` may be called before it returns.
  CallId call(RpcRequest request, protocol::TimePoint now, WallTime wall, Completed completed);
  /// Completes everything with `why`; later calls fail with it at once. Close the connection next.
  void close(const RpcError& why);

  void tick(protocol::TimePoint now) override;
  [[nodiscard]] protocol::TimePoint deadline() const override;

  /// Calls under way.
  [[nodiscard]] std::size_t pending_calls() const { return pending_.size(); }
  /// Replies to calls that were over, or never made. From any thread.
  [[nodiscard]] std::uint64_t dropped_replies() const { return dropped_replies_.load(std::memory_order_relaxed); }

 private:
  struct Pending {
    Completed completed;
    protocol::TimePoint deadline;
    std::string queue;
  };
  // A request that waits for its queue's declaration.
  struct Unsent {
    CallId id;
    RpcRequest request;
    WallTime wall_deadline;
  };

  void consume_replies(Done<> done);
  void send(const Unsent& call, protocol::TimePoint now);
  void declare(const std::string& queue, const QueueOptions& options);
  void declared(const std::string& queue, const std::optional<RpcError>& error);
  void fail_all(const RpcError& why);
  void on_reply(const protocol::Content& content);
  void on_return(const protocol::Content& content);
  void complete(CallId id, RpcResult result);

  MoveOnlyFunction<void()> deadline_changed_;
  ConnectionCore* connection_{nullptr};
  std::shared_ptr<ChannelCore> channel_;
  std::string callback_queue_;
  // What calls fail with while it is not open.
  std::optional<RpcError> closed_{
      RpcError{RpcCode::unavailable, "the client is not connected", reason::connection_lost}};
  CallId last_id_{0};
  std::unordered_map<CallId, Pending> pending_;
  std::set<std::pair<protocol::TimePoint, CallId>> deadlines_;
  std::set<std::string, std::less<>> declared_;
  std::map<std::string, std::vector<Unsent>, std::less<>> undeclared_;  // by queue, while its declaration is under way
  std::atomic<std::uint64_t> dropped_replies_{0};
};

}  // namespace pocketmq::client
