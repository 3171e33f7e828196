// Runs a ConnectionCore: its socket, and the thread or strand on which all of it happens.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include <asio/any_io_executor.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include "client/connection_core.hpp"
#include "protocol/url.hpp"

namespace pocketmq::client {

/// What a connection is to be like. What is said here goes before what the URL says.
struct ConnectionOptions {
  std::string name{};                                             // the broker shows it
  std::optional<std::chrono::milliseconds> connection_timeout{};  // to the end of the handshake; 10 s if nobody says
  std::optional<std::chrono::seconds> heartbeat{};                // 0 for none
};

/// Throws std::system_error(Error::invalid_url), with the parser's text.
[[nodiscard]] protocol::Url parse_url_or_throw(std::string_view url);

/// A driver keeps itself alive from `open` until its connection is over.
class Driver : public std::enable_shared_from_this<Driver> {
 public:
  /// With a thread of its own.
  [[nodiscard]] static std::shared_ptr<Driver> on_own_thread(protocol::Url url, ConnectionOptions options);
  /// On a strand of `executor`.
  [[nodiscard]] static std::shared_ptr<Driver> on_executor(asio::any_io_executor executor, protocol::Url url,
                                                           ConnectionOptions options);

  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  virtual ~Driver();

  // From any thread:

  /// Runs `task` where the connection runs: now, if called there.
  void run(MoveOnlyFunction<void()> task);
  [[nodiscard]] const asio::any_io_executor& executor() const { return executor_; }
  /// Throws std::system_error(resource_deadlock_would_occur) where waiting would keep the connection from running.
  void refuse_to_block_here() const;
  /// Resolves, connects and logs in. Call once.
  void open(Done<> done);
  /// Says goodbye; `done` is called when the socket is closed.
  void close(Done<> done);
  /// Opens, waits, and throws std::system_error with the reason if it does not open. Only with a thread of its own.
  void open_and_wait();
  /// Closes. With a thread of its own, and not called there, it waits until the connection is over and all handlers
  /// have run. The thread itself ends with the driver, so that later operations fail as on any closed connection.
  void close_and_wait();

  // Where the connection runs:

  [[nodiscard]] ConnectionCore& core() { return *core_; }
  /// "cannot open amqp://...: why", with the password hidden.
  [[nodiscard]] std::system_error opening_error(const CloseReason& reason) const;

 protected:
  /// `own_context`, null for none, is run by a thread of the driver's.
  Driver(std::shared_ptr<asio::io_context> own_context, asio::any_io_executor executor, protocol::Url url,
         ConnectionOptions options);

  [[nodiscard]] virtual bool runs_here() const = 0;
  /// Whether waiting here would keep the connection from running.
  [[nodiscard]] virtual bool blocks_here() const = 0;
  virtual void post(MoveOnlyFunction<void()> task) = 0;
  virtual void connect(protocol::TimePoint until) = 0;
  /// Ends `connect` if it has not come to its end.
  virtual void stop_connecting() = 0;
  void connecting_failed(const CloseReason& reason);

  const std::shared_ptr<asio::io_context> own_context_;
  const asio::any_io_executor executor_;
  const protocol::Url url_;
  const ConnectionOptions options_;
  const std::shared_ptr<ConnectionCore> core_;
  Done<> open_done_;

 private:
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> stays_;
  std::thread thread_;
};

}  // namespace pocketmq::client
