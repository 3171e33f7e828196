// Listens on TCP ports and gives each accepted connection to the broker.
#pragma once

#include <list>
#include <vector>

#include <asio/basic_socket_acceptor.hpp>
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

  /// Listens on all addresses. Throws std::system_error, whose text names the address, if that fails for one of them.
  /// Port 0 means a free port; all addresses with port 0 get the same one.
  Listener(asio::io_context& context, Broker& broker, const std::vector<ListenAddress>& addresses);
  Listener(asio::io_context& context, Broker& broker, const asio::ip::tcp::endpoint& address)
      : Listener{context, broker, std::vector<ListenAddress>{{.endpoint = address}}} {}
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// From now on `entrance` answers HTTP on the same ports. It outlives the run of the io_context.
  void answer_http_with(http::HttpEntrance& entrance);
  /// Listens on more addresses, where `entrance` answers HTTP and nothing else is spoken. Throws as the constructor
  /// does.
  void answer_http_with(http::HttpEntrance& entrance, const std::vector<ListenAddress>& addresses);

  /// The address and the port in use; the first one if there are several.
  [[nodiscard]] asio::ip::tcp::endpoint address() const { return addresses().front(); }
  /// All addresses in use, in the given order, without those for HTTP only.
  [[nodiscard]] std::vector<asio::ip::tcp::endpoint> addresses() const { return addresses_of(sockets_); }
  /// The addresses for HTTP only.
  [[nodiscard]] std::vector<asio::ip::tcp::endpoint> http_addresses() const { return addresses_of(http_sockets_); }

  /// Stops listening, and closes all connections with 320 and that text. Connections that are still open after `grace`
  /// are cut. Then the io_context has no work left.
  void stop(std::string_view text, std::chrono::milliseconds grace);

  /// The accepted connections. Others can be added.
  [[nodiscard]] Connections& connections() { return connections_; }

 private:
  // The acceptor of one address.
  struct ListeningSocket {
    ListeningSocket(const Executor& executor, Spoken on_it)
        : acceptor{executor}, pause_timer{executor}, spoken{on_it} {}

    asio::basic_socket_acceptor<asio::ip::tcp, Executor> acceptor;
    asio::ip::tcp::endpoint peer{};             // of the next connection
    protocol::LazyTimer<Executor> pause_timer;  // delays the next accept after a failure
    Spoken spoken;
  };
  using ListeningSockets = std::list<ListeningSocket>;

  [[nodiscard]] static std::vector<asio::ip::tcp::endpoint> addresses_of(const ListeningSockets& sockets);
  void open(ListeningSockets& sockets, const std::vector<ListenAddress>& addresses, Spoken spoken);
  void open(ListeningSockets& sockets, const ListenAddress& address, std::uint16_t port, bool is_v6_only,
            Spoken spoken);
  void accept(ListeningSocket& listening);
  void begin(Socket socket, const ListeningSocket& listening);

  Executor executor_;
  Broker& broker_;
  Connections connections_;
  ListeningSockets sockets_;
  ListeningSockets http_sockets_;
  bool stopping_{false};
};

}  // namespace pocketmq::broker
