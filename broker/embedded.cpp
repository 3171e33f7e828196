#include "broker/embedded.hpp"

namespace pocketmq::broker {
namespace {

// For clients to answer the close of their connection; those that do not are cut.
constexpr std::chrono::milliseconds grace{200};

// Where clients of this machine reach what listens there.
std::string host_of(const asio::ip::address& address) {
  if (address.is_v4()) return address.is_unspecified() ? "127.0.0.1" : address.to_string();
  return "[" + (address.is_unspecified() ? "::1" : address.to_string()) + "]";
}

}  // namespace

Embedded::Embedded(Options options, Observer* observer, const ListenOn& where)
    : broker_{std::move(options), observer},
      listener_{context_, broker_, listen_addresses(where.address, where.port)},
      address_{listener_.address()},
      entrance_{make_entrance(listener_.connections())},
      thread_{[this] { context_.run(); }} {}

Embedded::~Embedded() {
  asio::post(context_, [this] {
    entrance_->close();
    listener_.stop("the embedded broker was stopped", grace);
  });
  thread_.join();
}

std::string Embedded::url(protocol::Encoding encoding) const {
  const std::string scheme = encoding == protocol::Encoding::json ? "amqp+json" : "amqp";
  return scheme + "://guest:guest@" + host_of(address_.address()) + ":" + std::to_string(port()) + "/";
}

protocol::Url Embedded::pipe(protocol::Encoding encoding) const { return url_of(entrance_, encoding); }

}  // namespace pocketmq::broker
