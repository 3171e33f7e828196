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

#include <asio/basic_waitable_timer.hpp>

#include "client/link/backoff.hpp"
#include "client/link/connector.hpp"
#include "client/link/timed.hpp"
#include "client/values/urls.hpp"

namespace pocketmq::client {

/// How often a lost broker is looked for: all URLs are tried in turn, beginning after the one that was lost, and before
/// each such round there is a pause (backoff.hpp). A connection that lasted for `backoff_max` makes the pauses short
/// again.
struct ReconnectOptions {
  std::chrono::milliseconds backoff_min{50};
  std::chrono::milliseconds backoff_max{5'000};
  double jitter{0.5};                   // at most this share of a pause is left out, at random
  std::optional<std::uint64_t> seed{};  // of the jitter; at random if nobody says
  bool patient{false};                  // goes on trying from the start, where else `open` fails
};

/// Its owner calls `close` before dropping it. It then keeps itself alive until its sockets are closed, and calls
/// nothing of its owner but what `close` was given.
class ReconnectingConnection : public std::enable_shared_from_this<ReconnectingConnection> {
 public:
  /// What is set up on a new connection calls it, once: with an empty reason when it is ready.
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

  /// A new connection is open. It may be used when `ready` is called without an error. If `ready` is called with one,
  /// or the connection ends before, then this attempt has failed like one that did not connect. Without `on_up` all are
  /// ready.
  void on_up(OnUp up) { on_up_ = std::move(up); }
  /// The connection that was handed out last is over, and all its channels are; it still exists during the call.
  void on_down(OnDown down) { on_down_ = std::move(down); }
  /// An attempt to connect has failed, or a connection is over and `on_down` was called. It goes on trying, unless
  /// `open` is told of the same.
  void on_failure(OnDown failure) { on_failure_ = std::move(failure); }

  // From any thread:

  template <class Task> void run(Task&& task) { loop_->run(std::forward<Task>(task)); }
  [[nodiscard]] const SerialExecutor& executor() const { return loop_->executor(); }
  void refuse_to_block_here() const { loop_->refuse_to_block_here(); }
  /// Tries each URL once, in the order given, and fails with the last one's error if none opens (unless it is patient);
  /// then close the connection.
  /// Once it is open it heals without end. Call once.
  void open(Done<> done);
  /// Says goodbye, or stops trying; `done` is called when all sockets are closed.
  void close(Done<> done);
  /// Opens, waits, and throws std::system_error if it does not open, with what happened at each URL; passwords are
  /// hidden. Only with a thread of its own.
  void open_and_wait();
  /// Closes, and waits where `Loop::close_and_wait` does.
  void close_and_wait();

  // On its executor:

  /// `timed`, null for none, is ticked when it is due, with and without a connection, until this is closed.
  void attach(Timed* timed);
  /// Its deadline came nearer.
  void deadline_changed();

 private:
  using Timer = asio::basic_waitable_timer<protocol::Clock, asio::wait_traits<protocol::Clock>, SerialExecutor>;

  ReconnectingConnection(std::shared_ptr<Loop> loop, Urls urls, ConnectionOptions options,
                         const ReconnectOptions& reconnect);

  void begin_attempt();
  void connected();
  void ready();
  void failed(CloseReason reason);
  void let_go(const CloseReason& reason);
  void finish_closing();
  void pause();
  void wait();
  void time_passed(protocol::TimePoint now);

  /// Calls `f(*this, ...)` if by then this still exists and makes the same attempt as now. It keeps nothing alive.
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

  std::shared_ptr<Connector> connector_;  // connecting or connected; null in a pause, before and after
  std::uint64_t attempt_{0};              // its number
  std::size_t url_index_{0};              // of its URL, or of the next one's
  std::size_t failed_in_round_{0};        // URLs
  bool is_handed_out_{false};             // on_down is to follow
  std::optional<protocol::TimePoint> ready_since_{};
  std::size_t sockets_left_behind_{0};  // of connections that are over
  std::optional<std::system_error> opening_error_;
  bool is_closing_{false};

  Timer timer_;
  protocol::TimePoint armed_for_{protocol::TimePoint::max()};
  protocol::TimePoint pause_ends_{protocol::TimePoint::max()};
  Timed* timed_{nullptr};
};

}  // namespace pocketmq::client
