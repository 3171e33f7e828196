// Listens on a TCP port and gives each connection to the broker.
#pragma once

#include <asio/basic_socket_acceptor.hpp>
#include <asio/basic_waitable_timer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include "broker/connections.hpp"

namespace pocketmq::broker {

/// Belongs to the thread that runs the io_context, and must outlive its run.
class Listener {
 public:
  using Executor = asio::io_context::executor_type;
  using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;

  /// Throws std::system_error if the address cannot be listened on. Port 0 takes a free one.
  Listener(asio::io_context& context, Broker& broker, const asio::ip::tcp::endpoint& address);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Address and port in use.
  [[nodiscard]] asio::ip::tcp::endpoint address() const { return acceptor_.local_endpoint(); }

  /// Accepts no more, closes all connections with 320 and that text, and cuts those that are still there after `grace`.
  /// Then the io_context has nothing more to do.
  void stop(std::string_view text, std::chrono::milliseconds grace);

  /// Those that it accepted, and what else is added to them.
  [[nodiscard]] Connections& connections() { return connections_; }

 private:
  using Timer = asio::basic_waitable_timer<protocol::Clock, asio::wait_traits<protocol::Clock>, Executor>;

  void accept();
  void begin(Socket socket);

  Connections connections_;
  asio::basic_socket_acceptor<asio::ip::tcp, Executor> acceptor_;
  asio::ip::tcp::endpoint peer_;  // of the connection that is accepted
  Timer pause_timer_;             // before accepting again, when the system had no room
  bool stopping_{false};
};

}  // namespace pocketmq::broker
