// Keeps a client connected: when one connection ends, it opens the next one, at the same or another URL, until it is
// closed.
//
// Each connection is a ConnectionCore of its own. Its owner gets it with `on_up`, and loses it with `on_down`.
// Invariant: `on_up` and `on_down` alternate.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "client/link/backoff.hpp"
#include "client/link/connector.hpp"
#include "client/link/timed.hpp"
#include "client/values/connection_options.hpp"
#include "client/values/urls.hpp"
#include "protocol/io/lazy_timer.hpp"

namespace pocketmq::client {

/// Its owner calls `close` before releasing it. It then keeps itself alive until its sockets are closed. After `close`
/// it calls `on_down` at most once, during `close`, and then only the callbacks that were given to `open` and `close`.
class ReconnectingConnection : public std::enable_shared_from_this<ReconnectingConnection> {
 public:
  /// The owner calls it once, after it has set up a new connection: with an empty reason, or with what failed.
  using Ready = MoveOnlyFunction<void(const CloseReason&)>;
  using OnUp = std::function<void(ConnectionCore&, Ready)>;
  using OnDown = std::function<void(const CloseReason&)>;

  [[nodiscard]] static std::shared_ptr<ReconnectingConnection> on_own_thread(Urls urls, ConnectionOptions options = {},
                                                                             const ReconnectOptions& reconnect = {});
  [[nodiscard]] static std::shared_ptr<ReconnectingConnection> on_executor(asio::any_io_executor executor, Urls urls,
                                                                           ConnectionOptions options = {},
                                                                           const ReconnectOptions& reconnect = {});

  ReconnectingConnection(const ReconnectingConnection&) = delete;
  ReconnectingConnection& operator=(const ReconnectingConnection&) = delete;

  // Before `open`; they are called on the connection's executor:

  /// A new connection is open. It counts as ready when `ready` is called without an error. If `ready` is called with an
  /// error, or the connection ends before, the attempt has failed. Without `on_up` each connection is ready at once.
  void on_up(OnUp up) { on_up_ = std::move(up); }
  /// The last connection is over, and so are its channels. It still exists during the call.
  void on_down(OnDown down) { on_down_ = std::move(down); }
  /// An attempt to connect has failed, or a connection is over (after `on_down`). More attempts follow, unless `open`
  /// fails with the same reason.
  void on_failure(OnDown failure) { on_failure_ = std::move(failure); }

  // From any thread:

  template <class Task> void run(Task&& task) { loop_->run(std::forward<Task>(task)); }
  [[nodiscard]] const SerialExecutor& executor() const { return loop_->executor(); }
  /// The clock of its loop.
  [[nodiscard]] const protocol::LoopClock& clock() const { return loop_->clock(); }
  [[nodiscard]] protocol::LoopRandom& random() const { return loop_->random(); }
  void refuse_to_block_here() const { loop_->refuse_to_block_here(); }
  /// Tries each URL once, in the order given. If no URL opens, `open` fails with the error of the last one; call
  /// `close` then. (With `patient` it goes on trying.) Once it is open, each lost connection is replaced until `close`.
  /// Call once.
  void open(Done<> done);
  /// Closes the connection, or stops trying; `done` is called when all sockets are closed.
  void close(Done<> done);
  /// Opens and waits. Throws std::system_error if it does not open; the text says what happened at each URL, without
  /// passwords. Only with a thread of its own.
  void open_and_wait();
  /// Closes, and waits as `Loop::close_and_wait` does.
  void close_and_wait();

  // On its executor:

  /// Ticks `timed` (null for none) at its deadlines, with and without a connection, until this is closed.
  void attach(Timed* timed);
  /// Call it when the deadline of `timed` is now earlier.
  void deadline_changed();

 private:
  ReconnectingConnection(std::shared_ptr<Loop> loop, Urls urls, ConnectionOptions options,
                         const ReconnectOptions& reconnect);

  void begin_attempt();
  void connected();
  void ready();
  void failed(CloseReason reason);
  void leave_connection(const CloseReason& reason);
  void finish_closing();
  void pause_before_next_round();
  void set_timer();
  void time_passed(protocol::TimePoint now);

  /// A callback that calls `f(*this, ...)` if this object still exists and the attempt is still the current one. It
  /// keeps nothing alive.
  template <class F> auto during_this_attempt(F f) {
    return [weak = weak_from_this(), attempt = attempt_, f = std::move(f)](const auto&... arguments) {
      const auto self = weak.lock();
      if (self && self->attempt_ == attempt) f(*self, arguments...);
    };
  }

  const std::shared_ptr<Loop> loop_;
  const Urls urls_;
  const ConnectionOptions options_;
  const std::chrono::milliseconds backoff_max_;
  const bool is_patient_;
  Backoff backoff_;
  OnUp on_up_;
  OnDown on_down_;
  OnDown on_failure_;
  Done<> open_done_;
  std::vector<Done<>> close_done_;

  std::shared_ptr<Connector> connector_;  // of the current attempt; null in a pause, before `open` and after `close`
  std::uint64_t attempt_{0};              // counts attempts
  std::size_t url_index_{0};              // of the current attempt, or of the next one
  std::size_t failed_in_round_{0};        // URLs, one after the other
  bool is_handed_out_{false};             // `on_up` was called, and `on_down` not yet
  std::optional<protocol::TimePoint> ready_since_{};
  std::size_t sockets_left_behind_{0};  // of earlier connections, which are still closing
  std::optional<std::system_error> opening_error_;
  bool is_closing_{false};

  protocol::LazyTimer<SerialExecutor> timer_;
  protocol::TimePoint pause_ends_{protocol::TimePoint::max()};
  Timed* timed_{nullptr};
};

}  // namespace pocketmq::client
