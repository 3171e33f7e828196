// One end of a connection without I/O: bytes in, bytes out, and a deadline. The broker's session and the client's
// connection are such ends. `protocol::Transport` drives an end over a socket; a test drives it by hand.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <system_error>

#include "protocol/codec/output.hpp"

namespace pocketmq::protocol {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

/// Is told that an end has changed outside its own turn, so that the end is processed before the event loop's turn
/// ends.
class Waker {
 public:
  virtual void wake() = 0;

 protected:
  ~Waker() = default;
};

class ConnectionEnd {
 public:
  ConnectionEnd() = default;
  ConnectionEnd(const ConnectionEnd&) = delete;
  ConnectionEnd& operator=(const ConnectionEnd&) = delete;
  virtual ~ConnectionEnd() = default;

  /// Where to read to; never empty. Call it only while `wants_input()`.
  [[nodiscard]] virtual std::span<std::byte> prepare() = 0;
  /// `bytes` bytes were read to where `prepare()` said.
  virtual void commit(std::size_t bytes, TimePoint now) = 0;
  /// If false, do not read now (because of back-pressure, or because the end is finished).
  [[nodiscard]] virtual bool wants_input() const = 0;

  /// Whether a message is incomplete. If its rest can be read, it should be read in the same turn.
  [[nodiscard]] virtual bool wants_rest() const = 0;

  /// The turn ends. The end does now what it does once for the whole turn. Call it before the output is sent.
  virtual void end_turn() {}

  /// The bytes to send. Call `sent` when they were sent; do not call `Output::consume`.
  [[nodiscard]] virtual const Output& output() const = 0;
  /// The first `bytes` bytes of the output were sent. 0 means that a write would have blocked.
  virtual void sent(std::size_t bytes, TimePoint now) = 0;

  /// Does what is due: heartbeats and time-outs. May be called too early.
  virtual void tick(TimePoint now) = 0;
  /// When the next `tick` is due; `TimePoint::max()` if none is.
  [[nodiscard]] virtual TimePoint deadline() const = 0;

  /// If true, send the rest of the output, then close.
  [[nodiscard]] virtual bool finished() const = 0;
  /// Whether a finished end is closed by a reset, so that the peer sees an error. Otherwise it sees the stream's end.
  [[nodiscard]] virtual bool resets() const { return false; }
  /// The connection has ended, or the transport has given up. Called once, as the last call.
  virtual void disconnect(std::error_code why, TimePoint now) = 0;

  /// Calls `waker` whenever output, wants_input, deadline or finished has changed outside commit, end_turn, sent and
  /// tick.
  void on_wake(Waker* waker) { waker_ = waker; }

 protected:
  void wake() {
    if (waker_ != nullptr) waker_->wake();
  }

 private:
  Waker* waker_{nullptr};
};

}  // namespace pocketmq::protocol
