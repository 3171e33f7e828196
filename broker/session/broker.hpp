// The broker: virtual hosts and connections, without I/O. It is a single-threaded object. Its owner passes the bytes
// and the time to it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/core/heap_trim.hpp"
#include "broker/session/broker_state.hpp"
#include "broker/session/session.hpp"

namespace pocketmq::broker {

class Broker {
 public:
  /// `observer` and `log` may be null; otherwise they must outlive the broker. `log` is not called for messages. Throws
  /// DefinitionsError if the definitions in the options cannot be loaded.
  explicit Broker(Options options = {}, Observer* observer = nullptr, ConnectionObserver* log = nullptr);
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;
  ~Broker();

  /// What the definitions ask for and the broker does not have, one line each.
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

  /// Makes the broker's end of a new connection. It must not outlive the broker.
  [[nodiscard]] std::unique_ptr<Session> connect(Peer peer, TimePoint now);

  /// When `tick` is due, for messages that expire and for work that did not fit into a turn; `TimePoint::max()` for
  /// never. Ask for it at the end of each turn. Each connection has a deadline of its own.
  [[nodiscard]] TimePoint deadline();
  void tick(TimePoint now);

  /// Closes all connections with 320 (connection forced) and that text, because the broker ends. Connections that the
  /// client is closing are answered at once.
  void shut_down(std::string_view text);
  /// Closes all connections with 320 and that text. Others may be made.
  void close_connections(std::string_view text);
  /// The same for the connections that have opened that virtual host.
  void close_connections_to(const VirtualHost& virtual_host, std::string_view text);

  /// Until `come_up`, each new connection is cut at its first bytes, as if nobody listened. HTTP goes on.
  void go_down() { state_.is_down = true; }
  void come_up() { state_.is_down = false; }
  [[nodiscard]] bool is_down() const { return state_.is_down; }

  /// Null if there is no virtual host of that name.
  [[nodiscard]] VirtualHost* find_virtual_host(std::string_view name) { return state_.virtual_hosts.find(name); }
  /// Returns the virtual host of that name. Makes it if there is none. Throws std::logic_error while it is being
  /// removed.
  VirtualHost& add_virtual_host(std::string_view name) { return state_.virtual_hosts.add(name); }
  /// Removes the virtual host of that name, as RabbitMQ's `delete_vhost` does: closes its connections with 320, and
  /// deletes its queues, exchanges, policies and messages, and all permissions for it. Its name is free when `done` is
  /// called, in a later turn (see VirtualHosts::remove). Returns false, and never calls `done`, if there is none. Do
  /// not call it in the middle of a client's command.
  bool remove_virtual_host(std::string_view name, protocol::MoveOnlyFunction<void()> done = {});
  /// Removes the user, and closes the user's connections with 320, as RabbitMQ does. Returns false if there is none. Do
  /// not call it in the middle of a client's command.
  bool remove_user(std::string_view name);
  [[nodiscard]] const VirtualHosts& virtual_hosts() const { return state_.virtual_hosts; }
  /// Calls `visit(Session&)` for each connection, in no particular order. `visit` must not end or add any.
  void for_each_session(auto&& visit) {
    state_.sessions.for_each([&](Session* session) { visit(*session); });
  }
  [[nodiscard]] Users& users() { return state_.users; }
  [[nodiscard]] LoginThrottle& login_throttle() { return state_.login_throttle; }
  /// They are asked before commands are carried out and sent.
  [[nodiscard]] CommandGates& gates() { return state_.gates; }
  [[nodiscard]] std::size_t connection_count() const { return state_.sessions.size(); }
  [[nodiscard]] Context& context() { return state_.context; }
  /// What happens in the broker, event by event.
  [[nodiscard]] Journal& journal() { return state_.context.journal(); }

 private:
  void add_user(std::string_view name, std::string_view password);
  [[nodiscard]] std::vector<Session*> sessions_where(auto&& is_wanted);
  void force_out(const std::vector<Session*>& sessions, std::string_view text);

  BrokerState state_;
  HeapTrim heap_trim_{state_.context};
  std::vector<std::string> warnings_;
};

}  // namespace pocketmq::broker
