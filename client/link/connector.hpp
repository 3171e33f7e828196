// Connects one ConnectionCore to its broker, by a socket or by a pipe to a broker in this process.
#pragma once

#include <memory>
#include <string>

#include "client/link/connection_core.hpp"
#include "client/link/loop.hpp"
#include "client/values/connection_options.hpp"
#include "client/values/urls.hpp"
#include "protocol/io/flush_scheduler.hpp"

namespace pocketmq::client {

/// It keeps itself alive from `open` until its connection is over.
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
  /// Closes the connection; `done` is called when the socket is closed.
  void close(Done<> done);
  /// Opens and waits. Throws std::system_error with the reason if it does not open. Only with a thread of its own.
  void open_and_wait();
  /// Closes, and waits as `Loop::close_and_wait` does. The thread goes on running, so that later operations fail as on
  /// any closed connection.
  void close_and_wait();

  // On the connection's executor:

  [[nodiscard]] ConnectionCore& core() { return *core_; }
  /// An error with the text "cannot open amqp://...: why" after `before`, without the password. If the connection is
  /// open, and its broker refused something that its owner sets up on it, the text is "refused by amqp://...: why".
  [[nodiscard]] std::system_error opening_error(const CloseReason& reason, std::string before = {}) const;

 protected:
  Connector(std::shared_ptr<Loop> loop, protocol::Url url, ConnectionOptions options);

  virtual void connect(protocol::TimePoint until) = 0;
  /// Cancels a `connect` that is not finished.
  virtual void stop_connecting() = 0;
  void connecting_failed(const CloseReason& reason);
  /// Logs in over a stream that is connected.
  template <class Stream> void connected(Stream stream, protocol::TimePoint until);

  const std::shared_ptr<Loop> loop_;
  const protocol::Url url_;
  const ConnectionOptions options_;
  const std::shared_ptr<ConnectionCore> core_;
  protocol::FlushScheduler<SerialExecutor> flushes_;
  Done<> open_done_;
};

}  // namespace pocketmq::client
