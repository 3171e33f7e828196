// A connection to a broker, PocketMQ or RabbitMQ. The URL alone chooses the broker and the encoding.
//
//     pocketmq::client::Connection connection{"amqp://guest:guest@localhost/", {.name = "billing"}};
//     auto channel = connection.open_channel(asio::use_future).get();
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <asio/any_io_executor.hpp>

#include "client/channel.hpp"
#include "client/link/completion.hpp"
#include "client/link/connector.hpp"
#include "client/values/error.hpp"

namespace pocketmq::client {

/// All functions may be called from any thread. Completion handlers and callbacks without an executor of their own run
/// on the connection's thread or strand; they must not block or throw.
class Connection {
 public:
  /// Connects, with a thread of its own, and waits until it is open. Throws std::system_error, whose text says what
  /// failed and why: a system's code, a `client::Error`, or an AMQP reply code.
  explicit Connection(std::string_view url, ConnectionOptions options = {});
  /// The same for the `pipe()` of a broker in this process.
  explicit Connection(protocol::Url url, ConnectionOptions options = {});
  /// Runs on a strand of `executor`. Connects at `async_open`. Throws std::system_error for an invalid URL.
  Connection(asio::any_io_executor executor, std::string_view url, ConnectionOptions options = {});
  Connection(asio::any_io_executor executor, protocol::Url url, ConnectionOptions options = {});
  Connection(Connection&&) noexcept = default;
  Connection& operator=(Connection&& other) noexcept;
  /// Closes the connection. A connection with a thread of its own waits until its socket is closed (at most 15 seconds)
  /// and the handlers on that thread have run, unless one of these handlers destroys it.
  ~Connection();

  /// Connects: void(std::error_code). Call once, and only on a connection that was given an executor.
  template <class Token> auto async_open(Token&& token) {
    return initiate<std::error_code>(connector_, std::forward<Token>(token),
                                     [](Connector& connector, Done<> done) { connector.open(std::move(done)); });
  }

  /// A new channel: void(std::error_code, Channel).
  template <class Token> auto open_channel(Token&& token) {
    return initiate<std::error_code, Channel>(
        connector_, std::forward<Token>(token),
        [](Connector& connector, Done<Channel> done) { start_open_channel(connector, std::move(done)); });
  }

  /// Closes the connection: void(std::error_code), without an error, when the socket is closed. Messages that were
  /// published before are sent first. Operations that wait for a reply fail with Error::closed.
  template <class Token> auto close(Token&& token) {
    return initiate<std::error_code>(connector_, std::forward<Token>(token),
                                     [](Connector& connector, Done<> done) { connector.close(std::move(done)); });
  }

  /// Calls `blocked` with a reason when the broker stops taking publishes (RabbitMQ's connection.blocked), and with
  /// nullopt when it takes them again.
  void on_blocked(std::function<void(const std::optional<std::string>& reason)> blocked);

  [[nodiscard]] asio::any_io_executor executor() const { return connector_->executor(); }

 private:
  static void start_open_channel(Connector& connector, Done<Channel> done);

  std::shared_ptr<Connector> connector_;
};

}  // namespace pocketmq::client
