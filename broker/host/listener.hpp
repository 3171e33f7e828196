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

  /// Has HTTP answered by `entrance`, which outlives the run of the io_context, on the same ports as all else.
  void answer_http_with(http::HttpEntrance& entrance);
  /// Listens on more addresses, for HTTP only, and answers it there alone. Throws as the constructor does.
  void answer_http_with(http::HttpEntrance& entrance, const std::vector<ListenAddress>& addresses);

  /// Address and port in use; the first where there are more.
  [[nodiscard]] asio::ip::tcp::endpoint address() const { return addresses().front(); }
  /// All of them, in the order in which they were given.
  [[nodiscard]] std::vector<asio::ip::tcp::endpoint> addresses() const { return addresses_of(doors_); }
  /// Those for HTTP only.
  [[nodiscard]] std::vector<asio::ip::tcp::endpoint> http_addresses() const { return addresses_of(http_doors_); }

  /// Accepts no more, closes all connections with 320 and that text, and cuts those that are still there after `grace`.
  /// Then the io_context has nothing more to do.
  void stop(std::string_view text, std::chrono::milliseconds grace);

  /// Those that it accepted, and what else is added to them.
  [[nodiscard]] Connections& connections() { return connections_; }

 private:
  using Timer = asio::basic_waitable_timer<protocol::Clock, asio::wait_traits<protocol::Clock>, Executor>;

  // One address.
  struct Door {
    Door(const Executor& executor, Spoken on_it) : acceptor{executor}, pause_timer{executor}, spoken{on_it} {}

    asio::basic_socket_acceptor<asio::ip::tcp, Executor> acceptor;
    asio::ip::tcp::endpoint peer{};  // of the connection that is accepted
    Timer pause_timer;               // before accepting again, when the system had no room
    Spoken spoken;
  };
  using Doors = std::list<Door>;

  [[nodiscard]] static std::vector<asio::ip::tcp::endpoint> addresses_of(const Doors& doors);
  void open(Doors& doors, const std::vector<ListenAddress>& addresses, Spoken spoken);
  void open(Doors& doors, const ListenAddress& address, std::uint16_t port, bool is_v6_only, Spoken spoken);
  void accept(Door& door);
  void begin(Socket socket, const Door& door);

  Executor executor_;
  Broker& broker_;
  Connections connections_;
  Doors doors_;
  Doors http_doors_;
  bool stopping_{false};
};

}  // namespace pocketmq::broker
