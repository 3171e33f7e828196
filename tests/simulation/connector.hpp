// Keeps a simulated process connected: what client::ReconnectingConnection is for a real one, on the network's clock.
#pragma once

#include <functional>
#include <memory>

#include "client/link/connection_core.hpp"
#include "tests/simulation/lossy_network.hpp"

namespace pocketmq::simulation {

class Connector : public std::enable_shared_from_this<Connector> {
 public:
  /// Sets up what the process needs on a new connection, and says whether that worked.
  using SetUp = std::function<void(client::ConnectionCore&, std::function<void(bool)>)>;

  Connector(LossyNetwork& network, SetUp set_up) : network_{network}, set_up_{std::move(set_up)} {}

  /// Now, and again and again, until it is told otherwise.
  void connect();
  /// Says goodbye.
  void close();
  /// The process is killed.
  void vanish();

 private:
  void connect_later();

  LossyNetwork& network_;
  const SetUp set_up_;
  std::shared_ptr<client::ConnectionCore> connection_;
  bool is_over_{false};
};

}  // namespace pocketmq::simulation
