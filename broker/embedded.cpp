#include "broker/embedded.hpp"

namespace pocketmq::broker {
namespace {

// For clients to answer the close of their connection; those that do not are cut.
constexpr std::chrono::milliseconds grace{200};

}  // namespace

Embedded::Embedded(Options options, Observer* observer)
    : broker_{std::move(options), observer},
      listener_{context_, broker_, {asio::ip::address_v4::loopback(), 0}},
      port_{listener_.address().port()},
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
  return scheme + "://guest:guest@127.0.0.1:" + std::to_string(port_) + "/";
}

protocol::Url Embedded::pipe(protocol::Encoding encoding) const { return url_of(entrance_, encoding); }

}  // namespace pocketmq::broker
