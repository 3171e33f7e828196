// Connections within the process: one end reads what the other end writes. The bytes go through a bounded buffer,
// without a socket or a system call.
//
// The ends may live on different threads. Each end's functions are for one thread, or strand, at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/execution/context.hpp>
#include <asio/execution/outstanding_work.hpp>
#include <asio/execution_context.hpp>
#include <asio/post.hpp>
#include <asio/prefer.hpp>
#include <asio/query.hpp>

#include "protocol/io/peer_state.hpp"
#include "protocol/io/serial_executor.hpp"

namespace pocketmq::protocol {

/// One direction of a pipe. The threads of both ends call it.
class PipeBuffer {
 public:
  static constexpr std::size_t capacity_bytes = 65'536;

  /// Waits until there is something to read, or room to write, or until its own end of the pipe is closed.
  class Waiter {
   public:
    Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    virtual ~Waiter() = default;
    /// Called once, from any thread. `self` is this waiter.
    virtual void complete(std::unique_ptr<Waiter> self, std::error_code error) = 0;
  };

  /// What happens to a waiter at the end that closes: it completes with operation_aborted, or is destroyed.
  enum class Own : bool { told, dropped };

  // For the end that reads:

  /// Returns the number of bytes read. It is 0 with would_block if there is nothing yet, with eof if no bytes will
  /// come, and with connection_reset once the pipe was cut.
  std::size_t read(char* to, std::size_t size, std::error_code& error);
  void wait_readable(std::unique_ptr<Waiter> waiter);
  /// `half_closed` if the writing end is closed: there may still be something to read. `disconnected` once the pipe was
  /// cut.
  [[nodiscard]] PeerState writer_state();
  /// Closes the reading end. Unread bytes are dropped, and later writes fail.
  void abandon(Own waiter);

  // For the end that writes:

  /// Writes as much of the buffers as there is room for. It writes nothing, with would_block, if there is no room, and
  /// with broken_pipe if the reading end is closed.
  template <class Buffers> std::size_t write(const Buffers& buffers, std::error_code& error) {
    std::unique_lock lock{mutex_};
    std::size_t written = 0;
    for (auto at = asio::buffer_sequence_begin(buffers); at != asio::buffer_sequence_end(buffers); ++at) {
      const asio::const_buffer buffer{*at};
      const auto taken = append({static_cast<const char*>(buffer.data()), buffer.size()});
      written += taken;
      if (taken < buffer.size()) break;
    }
    finish_write(std::move(lock), written, error);
    return written;
  }
  /// A waiter that finds the buffer full completes when half of the buffer is free.
  void wait_writable(std::unique_ptr<Waiter> waiter);
  /// Closes the writing end: the reader gets what is in the buffer, then eof.
  void end(Own waiter = Own::told);

  // For neither end:

  /// Cuts the pipe as a network does that fails. Unread bytes are lost. Both ends notice when they read or write.
  void cut();

 private:
  std::size_t append(std::string_view bytes);
  void finish_write(std::unique_lock<std::mutex> lock, std::size_t written, std::error_code& error);

  std::mutex mutex_;  // guards what follows
  // A ring: size_ bytes from begin_ on, size_ <= capacity_bytes; allocated by the first write.
  std::unique_ptr<char[]> bytes_;
  std::size_t begin_{0};
  std::size_t size_{0};
  bool has_ended_{false};     // the writing end
  bool is_abandoned_{false};  // by the reading end
  bool is_cut_{false};        // then the other two are true as well
  std::unique_ptr<Waiter> reader_;
  std::unique_ptr<Waiter> writer_;
};

/// The open ends of pipes on one execution context. They close when the context is destroyed, as its sockets do. At
/// that time no other thread may use the other ends of these pipes: close those first.
class PipeEnds final : public asio::execution_context::service {
 public:
  using key_type = PipeEnds;
  static asio::execution_context::id id;

  explicit PipeEnds(asio::execution_context& context) : service{context} {}

  void add(const std::shared_ptr<PipeBuffer>& in, const std::shared_ptr<PipeBuffer>& out);
  void remove(const PipeBuffer* in);

 private:
  struct End {
    std::weak_ptr<PipeBuffer> in;
    std::weak_ptr<PipeBuffer> out;
  };

  void shutdown() noexcept override;

  std::mutex mutex_;
  std::unordered_map<const PipeBuffer*, End> open_;  // by `in`
};

/// Cuts a pipe from outside. It does not keep the pipe open. From any thread.
class PipeCutter {
 public:
  PipeCutter(const std::shared_ptr<PipeBuffer>& one, const std::shared_ptr<PipeBuffer>& other)
      : one_{one}, other_{other} {}

  /// Both ends lose their connection: what is not read yet is lost, reads end with connection_reset, and writes with
  /// broken_pipe.
  void cut() const;
  /// Whether one of the ends is still open.
  [[nodiscard]] bool is_open() const { return !one_.expired() || !other_.expired(); }

 private:
  std::weak_ptr<PipeBuffer> one_;
  std::weak_ptr<PipeBuffer> other_;
};

/// One end of a pipe: reads, writes, waits, shuts down and closes as a socket does, and never blocks. Its destructor
/// closes it.
template <class Executor> class Pipe {
 public:
  using executor_type = Executor;
  // Asio's names. NOLINTBEGIN(readability-identifier-naming)
  enum wait_type : std::uint8_t { wait_read, wait_write };
  enum shutdown_type : std::uint8_t { shutdown_send };
  // NOLINTEND(readability-identifier-naming)

  Pipe(Executor executor, std::shared_ptr<PipeBuffer> in, std::shared_ptr<PipeBuffer> out)
      : executor_{std::move(executor)}, in_{std::move(in)}, out_{std::move(out)} {
    ends().add(in_, out_);
  }
  Pipe(Pipe&&) noexcept = default;
  Pipe& operator=(Pipe&&) = delete;
  ~Pipe() {
    std::error_code ignored;
    close(ignored);
  }

  void non_blocking(bool, std::error_code&) {}

  std::size_t read_some(const asio::mutable_buffer& to, std::error_code& error) {
    return in_->read(static_cast<char*>(to.data()), to.size(), error);
  }
  template <class Buffers> std::size_t write_some(const Buffers& buffers, std::error_code& error) {
    return out_->write(buffers, error);
  }

  /// Posts `handler(std::error_code)` to the executor when the wait is over. Until then the handler is outstanding work
  /// for the executor.
  template <class Handler> void async_wait(wait_type what, Handler handler) {
    auto waiter = std::make_unique<WaiterOn<Handler>>(executor_, std::move(handler));
    if (what == wait_read)
      in_->wait_readable(std::move(waiter));
    else
      out_->wait_writable(std::move(waiter));
  }

  void shutdown(shutdown_type, std::error_code&) { out_->end(); }
  [[nodiscard]] PeerState peer_state() const { return in_->writer_state(); }
  /// Only while it is open.
  [[nodiscard]] PipeCutter cutter() const { return {in_, out_}; }
  /// Waits at this end complete with operation_aborted.
  void close(std::error_code&) {
    if (!in_) return;
    ends().remove(in_.get());
    std::exchange(in_, nullptr)->abandon(PipeBuffer::Own::told);
    std::exchange(out_, nullptr)->end();
  }

 private:
  template <class Handler> class WaiterOn final : public PipeBuffer::Waiter {
   public:
    WaiterOn(const Executor& executor, Handler handler) : executor_{working(executor)}, handler_{std::move(handler)} {}
    void complete(std::unique_ptr<PipeBuffer::Waiter> self, std::error_code error) override {
      error_ = error;
      const auto executor = std::move(executor_);  // once the task is posted, this may be destroyed
      using asio::post;
      post(executor, [self = std::move(self)] {
        auto& waiter = static_cast<WaiterOn&>(*self);
        waiter.handler_(waiter.error_);
      });
    }

   private:
    // The executor has outstanding work as long as this exists.
    static auto working(const Executor& executor) {
      return asio::prefer(executor, asio::execution::outstanding_work.tracked);
    }

    decltype(working(std::declval<const Executor&>())) executor_;
    Handler handler_;
    std::error_code error_;
  };

  PipeEnds& ends() { return asio::use_service<PipeEnds>(asio::query(executor_, asio::execution::context)); }

  Executor executor_;
  std::shared_ptr<PipeBuffer> in_;  // null once it is closed, as out_ is
  std::shared_ptr<PipeBuffer> out_;
};

/// Both ends of a new pipe.
template <class Near, class Far> [[nodiscard]] std::pair<Pipe<Near>, Pipe<Far>> make_pipe(Near near, Far far) {
  auto there = std::make_shared<PipeBuffer>();
  auto back = std::make_shared<PipeBuffer>();
  return {Pipe<Near>{std::move(near), back, there}, Pipe<Far>{std::move(far), there, back}};
}

/// Accepts connections of clients in the broker's own process. May be used from any thread, except where noted.
class PipeAcceptor : public std::enable_shared_from_this<PipeAcceptor> {
 public:
  using Home = SerialExecutor;

  /// `entered` is called on `home`, with the near end of each new pipe.
  PipeAcceptor(Home home, std::function<void(Pipe<Home>)> entered)
      : home_{std::move(home)}, entered_{std::move(entered)} {}

  [[nodiscard]] const Home& home() const { return home_; }

  /// The far end of a new pipe; nothing once the acceptor is closed.
  template <class Executor> [[nodiscard]] std::optional<Pipe<Executor>> connect(Executor executor) {
    const std::lock_guard lock{mutex_};
    if (!is_open_) return std::nullopt;
    auto [near, far] = make_pipe(home_, std::move(executor));
    asio::post(home_, [self = shared_from_this(), near_end = std::move(near)]() mutable {
      if (self->entered_) self->entered_(std::move(near_end));
    });
    return std::move(far);
  }

  /// Accepts the near end of a pipe that another acceptor has made, on `home`. Once this one is closed, the end is
  /// closed too.
  void accept(Pipe<Home> near) {
    if (entered_) entered_(std::move(near));
  }

  /// Accepts no more connections. Call it on `home`, or when `home` runs nothing any more.
  void close() {
    const std::lock_guard lock{mutex_};
    is_open_ = false;
    entered_ = nullptr;
  }

 private:
  const Home home_;
  std::function<void(Pipe<Home>)> entered_;
  std::mutex mutex_;  // guards is_open_; while that is true, home_ may be used
  bool is_open_{true};
};

}  // namespace pocketmq::protocol
