#include "client/connection.hpp"

#include <utility>

namespace pocketmq::client {

Connection::Connection(std::string_view url, ConnectionOptions options)
    : Connection{parse_url_or_throw(url), std::move(options)} {}

Connection::Connection(protocol::Url url, ConnectionOptions options)
    : connector_{Connector::on(Loop::on_own_thread(), std::move(url), std::move(options))} {
  connector_->open_and_wait();
}

Connection::Connection(asio::any_io_executor executor, std::string_view url, ConnectionOptions options)
    : Connection{std::move(executor), parse_url_or_throw(url), std::move(options)} {}

Connection::Connection(asio::any_io_executor executor, protocol::Url url, ConnectionOptions options)
    : connector_{Connector::on(Loop::on_executor(std::move(executor)), std::move(url), std::move(options))} {}

Connection& Connection::operator=(Connection&& other) noexcept {
  if (this == &other) return *this;
  if (connector_) connector_->close_and_wait();
  connector_ = std::move(other.connector_);
  return *this;
}

Connection::~Connection() {
  if (connector_) connector_->close_and_wait();
}

void Connection::start_open_channel(Connector& connector, Done<Channel> done) {
  connector.run([self = connector.shared_from_this(), done = std::move(done)]() mutable {
    self->core().open_channel(
        [self, done = std::move(done)](std::error_code error, std::shared_ptr<ChannelCore> core) mutable {
          done(error, core ? Channel{std::move(self), std::move(core)} : Channel{});
        });
  });
}

void Connection::on_blocked(std::function<void(const std::optional<std::string>&)> blocked) {
  connector_->run([self = connector_, blocked = std::move(blocked)]() mutable {
    if (blocked)
      self->core().on_blocked(std::move(blocked));
    else
      self->core().on_blocked(nullptr);
  });
}

}  // namespace pocketmq::client
