// The broker: virtual hosts and connections, without I/O. A single-threaded object; whoever owns it brings the bytes
// and the time.
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
  [[nodiscard]] VirtualHost* find_virtual_host(std::string_view name) { return state_.virtual_hosts.find(name); }
  /// Makes it, or finds it.
  VirtualHost& add_virtual_host(std::string_view name) { return state_.virtual_hosts.add(name); }
  [[nodiscard]] Users& users() { return state_.users; }
  [[nodiscard]] std::size_t connection_count() const { return state_.sessions.size(); }
  [[nodiscard]] Context& context() { return state_.context; }

 private:
  void add_user(std::string_view name, std::string_view password);

  BrokerState state_;
  HeapTrim heap_trim_{state_.context};
  std::vector<std::string> warnings_;
};

}  // namespace pocketmq::broker
