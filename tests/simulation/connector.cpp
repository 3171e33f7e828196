#include "tests/simulation/connector.hpp"

namespace pocketmq::simulation {

void Connector::connect() {
  if (is_over_) return;
  const client::Login login{.heartbeat = std::chrono::seconds{10}};
  connection_ =
      std::make_shared<client::ConnectionCore>(network_.encoding(), login, protocol::Limits{}, network_.now());
  if (!network_.join(connection_)) return connect_later();
  const auto weak = weak_from_this();
  connection_->open(network_.now() + 5s, [weak](std::error_code error) {
    const auto self = weak.lock();
    if (!self || self->is_over_) return;
    if (error) return self->connect_later();
    auto& connection = *self->connection_;
    connection.on_closed([weak](const client::CloseReason&) {
      if (const auto still = weak.lock()) still->connect_later();
    });
    self->set_up_(connection, [weak](bool is_set_up) {
      const auto still = weak.lock();
      if (!still || is_set_up) return;
      still->network_.in(0ns, [weak] {
        if (const auto there = weak.lock(); there && there->connection_->is_open())
          there->connection_->close(there->network_.now(), [](std::error_code) {});
      });
    });
  });
}

// The connection that is over may be the one that says so.
void Connector::connect_later() {
  network_.in(network_.dice().between(10ms, 500ms), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->connect();
  });
}

void Connector::close() {
  is_over_ = true;
  if (connection_) connection_->close(network_.now(), [](std::error_code) {});
}

void Connector::vanish() {
  is_over_ = true;
  network_.cut(connection_.get());
}

}  // namespace pocketmq::simulation
