// One end of a connection, without I/O: bytes in, bytes out, and a deadline. The broker's session and the client's
// connection are such ends; `protocol::Transport` drives one over a socket, a test drives it by hand.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <system_error>

#include "protocol/codec/output.hpp"

namespace pocketmq::protocol {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

/// Who is told that an end has changed by another's doing, so that it is looked at before the turn ends.
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

  /// Where to read to. Call only while `wants_input()`; never empty.
  [[nodiscard]] virtual std::span<std::byte> prepare() = 0;
  /// `bytes` were read to where `prepare()` said.
  virtual void commit(std::size_t bytes, TimePoint now) = 0;
  /// False: read nothing for now (back-pressure, or finished).
  [[nodiscard]] virtual bool wants_input() const = 0;

  /// Whether a large message has come in part. The rest of it, if it is there, had better be read in the same turn.
  [[nodiscard]] virtual bool wants_rest() const = 0;

  /// The turn ends: what this end does once for all of it happens now. Call before the turn's output is looked at.
  virtual void end_turn() {}

  /// What is to be sent. Call `sent` for what was, do not `consume`.
  [[nodiscard]] virtual const Output& output() const = 0;
  /// The first `bytes` of the output were sent; 0 says that a write was tried and would have blocked.
  virtual void sent(std::size_t bytes, TimePoint now) = 0;

  /// Does what time asks for: heartbeats, time-outs. Harmless when early.
  virtual void tick(TimePoint now) = 0;
  /// When the next tick is due; `TimePoint::max()` for never.
  [[nodiscard]] virtual TimePoint deadline() const = 0;

  /// True: send what is left of the output, then close.
  [[nodiscard]] virtual bool finished() const = 0;
  /// The peer is gone, or the transport gave up. Called once, and last.
  virtual void disconnect(std::error_code why, TimePoint now) = 0;

  /// `waker` is told whenever output, wants_input, deadline or finished changed outside commit, end_turn, sent and
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
