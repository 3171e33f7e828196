// Runs one ConnectionCore: finds the broker, and gives it a socket, or a pipe to a broker in this process.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "client/link/connection_core.hpp"
#include "client/link/loop.hpp"
#include "client/values/urls.hpp"
#include "protocol/io/flush_scheduler.hpp"

namespace pocketmq::client {

/// To the end of the handshake, if nobody says.
inline constexpr std::chrono::seconds connection_timeout_default{10};

/// What a connection is to be like. What is said here goes before what the URL says.
struct ConnectionOptions {
  std::string name{};                                             // the broker shows it
  std::optional<std::chrono::milliseconds> connection_timeout{};  // to the end of the handshake
  std::optional<std::chrono::seconds> heartbeat{};                // 0 for none
};

/// A connector keeps itself alive from `open` until its connection is over.
class Connector : public std::enable_shared_from_this<Connector> {
 public:
  [[nodiscard]] static std::shared_ptr<Connector> on(const std::shared_ptr<Loop>& loop, protocol::Url url,
                                                     ConnectionOptions options);

  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;
  virtual ~Connector() = default;

  // From any thread:

  template <class Task> void run(Task&& task) { loop_->run(std::forward<Task>(task)); }
  [[nodiscard]] const SerialExecutor& executor() const { return loop_->executor(); }
  void refuse_to_block_here() const { loop_->refuse_to_block_here(); }
  /// Resolves, connects and logs in. Call once.
  void open(Done<> done);
  /// Says goodbye; `done` is called when the socket is closed.
  void close(Done<> done);
  /// Opens, waits, and throws std::system_error with the reason if it does not open. Only with a thread of its own.
  void open_and_wait();
  /// Closes, and waits where `Loop::close_and_wait` does. The thread stays, so that later operations fail as on any
  /// closed connection.
  void close_and_wait();

  // Where the connection runs:

  [[nodiscard]] ConnectionCore& core() { return *core_; }
  /// "cannot open amqp://...: why", with the password hidden, and with what was said before in front; "refused by" if
  /// it is open, and its broker refused what was to be set up on it.
  [[nodiscard]] std::system_error opening_error(const CloseReason& reason, std::string before = {}) const;

 protected:
  Connector(std::shared_ptr<Loop> loop, protocol::Url url, ConnectionOptions options);

  virtual void connect(protocol::TimePoint until) = 0;
  /// Ends `connect` if it has not come to its end.
  virtual void stop_connecting() = 0;
  void connecting_failed(const CloseReason& reason);
  /// There is a stream: logs in over it.
  template <class Stream> void connected(Stream stream, protocol::TimePoint until);

  const std::shared_ptr<Loop> loop_;
  const protocol::Url url_;
  const ConnectionOptions options_;
  const std::shared_ptr<ConnectionCore> core_;
  protocol::FlushScheduler<SerialExecutor> flushes_;
  Done<> open_done_;
};

}  // namespace pocketmq::client
