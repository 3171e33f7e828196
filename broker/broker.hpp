// The broker: virtual hosts and connections, without I/O. A single-threaded object; whoever owns it brings the bytes
// and the time.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/context.hpp"
#include "broker/gradual_table.hpp"
#include "broker/heap_trim.hpp"
#include "broker/login_brake.hpp"
#include "broker/session.hpp"
#include "broker/users.hpp"
#include "broker/virtual_host.hpp"

namespace pocketmq::broker {

class Broker {
 public:
  /// `observer` and `log`, if there are any, must outlive the broker. The log costs messages nothing. Throws
  /// DefinitionsError if the options' definitions cannot be loaded.
  explicit Broker(Options options = {}, Observer* observer = nullptr, ConnectionObserver* log = nullptr);
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;
  ~Broker();

  /// What the definitions ask for and the broker does not have, a line each.
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

  /// The end of a new connection. It must not outlive the broker.
  [[nodiscard]] std::unique_ptr<Session> connect(Peer peer, TimePoint now);

  /// When `tick` is due for messages that expire, and for work that did not fit into a turn; `TimePoint::max()` for
  /// never. To be asked at the end of each turn. Connections have deadlines of their own.
  [[nodiscard]] TimePoint deadline();
  void tick(TimePoint now);

  /// Closes all connections with 320, "connection forced", and that text.
  void shut_down(std::string_view text);

  /// Null if there is none.
  [[nodiscard]] VirtualHost* find_virtual_host(std::string_view name);
  /// Makes it, or finds it.
  VirtualHost& add_virtual_host(std::string_view name);
  [[nodiscard]] Users& users() { return users_; }
  [[nodiscard]] LoginBrake& login_brake() { return login_brake_; }
  /// The password with a salt of its own.
  [[nodiscard]] PasswordHash hash(std::string_view password);
  [[nodiscard]] std::size_t connection_count() const { return sessions_.size(); }
  /// What clients are told of the broker.
  [[nodiscard]] protocol::FieldTable server_properties() const { return protocol::FieldTable{server_properties_}; }

  /// For the parts of the broker.
  [[nodiscard]] Context& context() { return context_; }
  void enter(Session& session) { sessions_.add(&session); }
  void leave(Session& session) { sessions_.erase(&session); }

 private:
  void add_user(std::string_view name, std::string_view password);

  Context context_;
  const std::string server_properties_;
  HeapTrim heap_trim_{context_};
  std::map<std::string, VirtualHost, std::less<>> virtual_hosts_;
  Users users_;
  LoginBrake login_brake_{context_.options().login_failures_max};
  std::vector<std::string> warnings_;
  GradualSet<Session*> sessions_;
};

}  // namespace pocketmq::broker
