// Drives a connection's end over an Asio stream: reads when there is something to read, writes once a turn, ticks the
// end at its deadline, and closes only after the last bytes are sent.
//
// While back-pressure stops it from reading, it checks at intervals whether the peer is still connected.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/socket_base.hpp>

#include "protocol/end/connection_end.hpp"
#include "protocol/io/flush_scheduler.hpp"
#include "protocol/io/lazy_timer.hpp"
#include "protocol/io/operation_memory.hpp"
#include "protocol/io/peer_state.hpp"

namespace pocketmq::protocol {

/// A transport, whatever its stream is.
class Closeable {
 public:
  /// Closes at once. Bytes that were not sent are lost.
  virtual void close(std::error_code why) = 0;

 protected:
  ~Closeable() = default;
};

/// How to watch a peer from which nothing is read.
struct PeerWatch {
  std::chrono::milliseconds interval{1'000};
  /// How long the transport keeps a connection whose peer has ended its direction, if it does not read meanwhile.
  std::chrono::milliseconds ended_max{5'000};
};

/// `Stream` is a TCP or Unix socket, or anything that reads, writes, waits, shuts down and closes as they do.
/// Everything in a transport runs on the scheduler's executor. It keeps itself alive while it is open.
template <class Stream>
class Transport final : public Waker,
                        public Flushable,
                        public Closeable,
                        public std::enable_shared_from_this<Transport<Stream>> {
 public:
  using Executor = typename Stream::executor_type;

  Transport(Stream stream, std::shared_ptr<ConnectionEnd> end, FlushScheduler<Executor>& flushes, PeerWatch watch = {})
      : stream_{std::move(stream)},
        end_{std::move(end)},
        flushes_{flushes},
        timer_{flushes.executor(), flushes.clock()},
        watch_{watch} {}

  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  ~Transport() { end_->on_wake(nullptr); }  // its executor may destroy it while it is open

  /// `closed` is called once, after the end's `disconnect`.
  void start(std::function<void()> closed) {
    closed_ = std::move(closed);
    std::error_code ignored;
    stream_.non_blocking(true, ignored);
    end_->on_wake(this);
    wake();
  }

  /// Makes the transport check the end again before the turn ends.
  void wake() override {
    if (is_open() && !std::exchange(dirty_, true)) flushes_.request(this->shared_from_this());
  }

  void close(std::error_code why) override {
    if (!is_open()) return;
    state_ = State::closed;
    std::error_code ignored;
    stream_.close(ignored);
    timer_.cancel();
    end_->on_wake(nullptr);
    end_->disconnect(why, flushes_.clock().now());
    if (closed_) std::exchange(closed_, nullptr)();
  }

  void flush(TimePoint now) override {
    if (state_ == State::open) end_->end_turn();
    dirty_ = false;
    if (state_ == State::open) write(now);
    if (state_ == State::open && end_->finished()) finish(now);
    if (!is_open()) return;
    wait_until_readable();
    set_timer(now);
  }

 private:
  enum class State : std::uint8_t {
    open,
    draining,  // all is sent; the peer's last bytes are read and dropped, since unread bytes would reset the connection
    closed
  };

  static constexpr std::size_t pieces_max = 32;  // per write
  static constexpr int writes_per_turn_max = 16;
  static constexpr std::size_t read_per_turn_bytes = 81'920;  // a body of 64 KiB with its method and header
  // The time that the peer has to take our last bytes and to close. It is the same as the time for a handshake, so that
  // a short connection sets its timer once.
  static constexpr std::chrono::seconds farewell{10};

  [[nodiscard]] bool is_open() const { return state_ != State::closed; }
  [[nodiscard]] bool reads() const { return state_ == State::open && end_->wants_input(); }
  [[nodiscard]] bool is_held() const { return state_ == State::open && !end_->wants_input() && !end_->finished(); }

  void write(TimePoint now) {
    if (waiting_to_write_) return;
    for (int writes = 0; !end_->output().empty(); ++writes) {
      if (writes == writes_per_turn_max) return wake();
      std::error_code error;
      const auto& output = end_->output();
      std::string_view first;
      (void)output.gather({&first, 1});
      // For one piece a plain write costs the system less.
      const auto bytes = first.size() == output.size() ? stream_.write_some(asio::buffer(first), error)
                                                       : stream_.write_some(pieces_of(output).all(), error);
      if (error && !would_block(error)) return close(error);
      end_->sent(bytes, now);
      if (error) return wait_until_writable();
    }
  }

  // The bytes of the output that one write sends.
  struct Pieces {
    std::array<asio::const_buffer, pieces_max> buffers;
    std::size_t count;

    [[nodiscard]] std::span<const asio::const_buffer> all() const { return {buffers.data(), count}; }
  };
  static Pieces pieces_of(const Output& output) {
    std::array<std::string_view, pieces_max> pieces;
    Pieces gathered{.buffers = {}, .count = output.gather(pieces)};
    std::transform(pieces.begin(), pieces.begin() + gathered.count, gathered.buffers.begin(),
                   [](std::string_view piece) { return asio::buffer(piece); });
    return gathered;
  }

  static bool would_block(const std::error_code& error) {
    return error == asio::error::would_block || error == asio::error::try_again;
  }

  void wait_until_writable() {
    waiting_to_write_ = true;
    stream_.async_wait(Stream::wait_write, [self = this->shared_from_this()](std::error_code error) {
      self->waiting_to_write_ = false;
      if (!error) self->wake();
    });
  }

  void wait_until_readable() {
    if (waiting_to_read_ || (state_ != State::draining && !reads())) return;
    waiting_to_read_ = true;
    auto go_on = [self = this->shared_from_this()](std::error_code error) {
      self->waiting_to_read_ = false;
      if (error || !self->is_open()) return;
      if (self->state_ == State::draining)
        self->drain();
      else
        self->read();
    };
    stream_.async_wait(Stream::wait_read, HandlerWithMemory<decltype(go_on)>{read_memory_, std::move(go_on)});
  }

  void read() {
    const bool was_dirty = std::exchange(dirty_, true);  // so that a wake-up during the read requests no flush
    const auto read_at = read_what_is_there();
    if (was_dirty || !is_open()) return;
    // Answers leave at once: nothing else in this turn adds to them. Deliveries wait for the end of the turn, since
    // other connections may add to them.
    if (read_at && end_->output().answers() > 0) return flushes_.flush(*this, *read_at);
    dirty_ = false;
    wake();
  }

  // Reads what has come; of a large message, all that is there so far. Returns the time of the last read.
  std::optional<TimePoint> read_what_is_there() {
    std::optional<TimePoint> read_at;
    for (std::size_t taken = 0; reads() && (taken == 0 || (end_->wants_rest() && taken < read_per_turn_bytes));) {
      const auto room = end_->prepare();
      std::error_code error;
      const auto bytes = stream_.read_some(asio::buffer(room.data(), room.size()), error);
      if (error) {
        // If other reads came before, the next read gives the error again. The bytes before it are answered first.
        if (!read_at && !would_block(error)) close(error);
        break;
      }
      read_at = flushes_.clock().now();
      end_->commit(bytes, *read_at);
      if (bytes < room.size()) break;
      taken += bytes;
    }
    return read_at;
  }

  void drain() {
    std::array<char, 16'384> bytes;
    std::error_code error;
    stream_.read_some(asio::buffer(bytes), error);
    if (error && !would_block(error)) return close({});
    wait_until_readable();
  }

  void finish(TimePoint now) {
    if (!farewell_ends_) farewell_ends_ = now + farewell;
    if (!end_->output().empty()) return;
    if (end_->resets()) return reset();
    state_ = State::draining;
    std::error_code ignored;
    stream_.shutdown(Stream::shutdown_send, ignored);
  }

  // A pipe has no reset: its peer sees the end.
  void reset() {
    std::error_code ignored;
    if constexpr (requires { stream_.set_option(asio::socket_base::linger{true, 0}, ignored); })
      stream_.set_option(asio::socket_base::linger{true, 0}, ignored);
    close(asio::error::connection_reset);
  }

  void set_timer(TimePoint now) {
    auto deadline = std::min(farewell_ends_.value_or(TimePoint::max()),
                             state_ == State::open ? end_->deadline() : TimePoint::max());
    if (is_held())
      deadline = std::min(deadline, now + watch_.interval);
    else
      peer_ended_at_ = TimePoint::max();
    timer_.set(deadline, [self = this->shared_from_this()] {
      if (self->is_open()) self->time_passed(self->flushes_.clock().now());
    });
  }

  void time_passed(TimePoint now) {
    if (farewell_ends_ && *farewell_ends_ <= now) return close(asio::error::timed_out);
    if (is_held() && peer_has_gone(now)) return close(asio::error::connection_reset);
    if (state_ == State::open && end_->deadline() <= now) end_->tick(now);
    wake();
  }

  // Whether a peer from which nothing is read is gone. If the peer has only ended its direction, it counts as gone
  // after `ended_max`, because the bytes that it sent before can still be read.
  bool peer_has_gone(TimePoint now) {
    switch (peer_state_of(stream_)) {
      case PeerState::connected: return false;
      case PeerState::disconnected: return true;
      case PeerState::half_closed: break;
    }
    peer_ended_at_ = std::min(peer_ended_at_, now);
    return peer_ended_at_ + watch_.ended_max <= now;
  }

  OperationMemory read_memory_;  // for the wait until the stream is readable
  Stream stream_;
  std::shared_ptr<ConnectionEnd> end_;
  FlushScheduler<Executor>& flushes_;
  std::function<void()> closed_;
  LazyTimer<Executor> timer_;
  std::optional<TimePoint> farewell_ends_;
  const PeerWatch watch_;
  TimePoint peer_ended_at_{TimePoint::max()};  // when peer_has_gone noticed that the peer has ended its direction
  State state_{State::open};
  bool dirty_{false};
  bool waiting_to_read_{false};
  bool waiting_to_write_{false};
};

}  // namespace pocketmq::protocol
