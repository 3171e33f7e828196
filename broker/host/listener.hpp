// Listens on TCP ports and gives each connection to the broker.
#pragma once

#include <list>
#include <vector>

#include <asio/basic_socket_acceptor.hpp>
#include <asio/basic_waitable_timer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include "broker/host/connections.hpp"
#include "broker/host/listen_address.hpp"

namespace pocketmq::broker {

/// Belongs to the thread that runs the io_context, and must outlive its run.
class Listener {
 public:
  using Executor = asio::io_context::executor_type;
  using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;

  /// Listens on all of the addresses. Throws std::system_error, which names the address, if one cannot be listened on.
  /// Port 0 takes a free one, the same for all that have it.
  Listener(asio::io_context& context, Broker& broker, const std::vector<ListenAddress>& addresses);
  Listener(asio::io_context& context, Broker& broker, const asio::ip::tcp::endpoint& address)
      : Listener{context, broker, std::vector<ListenAddress>{{.endpoint = address}}} {}
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Address and port in use; the first where there are more.
  [[nodiscard]] asio::ip::tcp::endpoint address() const { return addresses().front(); }
  /// All of them, in the order in which they were given.
  [[nodiscard]] std::vector<asio::ip::tcp::endpoint> addresses() const;

  /// Accepts no more, closes all connections with 320 and that text, and cuts those that are still there after `grace`.
  /// Then the io_context has nothing more to do.
  void stop(std::string_view text, std::chrono::milliseconds grace);

  /// Those that it accepted, and what else is added to them.
  [[nodiscard]] Connections& connections() { return connections_; }

 private:
  using Timer = asio::basic_waitable_timer<protocol::Clock, asio::wait_traits<protocol::Clock>, Executor>;

  // One address.
  struct Door {
    explicit Door(const Executor& executor) : acceptor{executor}, pause_timer{executor} {}

    asio::basic_socket_acceptor<asio::ip::tcp, Executor> acceptor;
    asio::ip::tcp::endpoint peer{};  // of the connection that is accepted
    Timer pause_timer;               // before accepting again, when the system had no room
  };

  void open(const std::vector<ListenAddress>& addresses);
  void open(const ListenAddress& address, std::uint16_t port, bool is_v6_only);
  void accept(Door& door);
  void begin(Socket socket, const asio::ip::tcp::endpoint& peer);

  Executor executor_;
  Broker& broker_;
  Connections connections_;
  std::list<Door> doors_;
  bool stopping_{false};
};

}  // namespace pocketmq::broker
