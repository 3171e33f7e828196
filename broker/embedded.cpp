#include "broker/embedded.hpp"

#include <future>
#include <thread>

#include <asio/dispatch.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include "broker/host/listener.hpp"
#include "broker/host/pipe_acceptor.hpp"

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

struct Embedded::Impl {
  Impl(Options options, Observer* observer, const ListenOn& where)
      : broker{std::move(options), observer},
        listener{context, broker, listen_addresses(where.address, where.port)},
        address{listener.address()},
        entrance{make_acceptor(listener.connections())},
        thread{[this] { context.run(); }} {}

  asio::io_context context{1};
  Broker broker;
  Listener listener;
  const asio::ip::tcp::endpoint address;
  const std::shared_ptr<protocol::PipeAcceptor> entrance;
  std::thread thread;
};

Embedded::Embedded(Options options, Observer* observer, const ListenOn& where)
    : impl_{std::make_unique<Impl>(std::move(options), observer, where)} {}

Embedded::~Embedded() {
  asio::post(impl_->context, [this] {
    impl_->entrance->close();
    impl_->listener.stop("the embedded broker was stopped", grace);
  });
  impl_->thread.join();
}

std::uint16_t Embedded::port() const { return impl_->address.port(); }

std::string Embedded::url(protocol::Encoding encoding) const {
  const std::string scheme = encoding == protocol::Encoding::json ? "amqp+json" : "amqp";
  return scheme + "://guest:guest@" + host_of(impl_->address.address()) + ":" + std::to_string(port()) + "/";
}

protocol::Url Embedded::pipe(protocol::Encoding encoding) const { return url_of(impl_->entrance, encoding); }

void Embedded::run(const std::function<void(Broker&)>& look) {
  std::packaged_task<void()> task{[&] { look(impl_->broker); }};
  auto done = task.get_future();
  asio::dispatch(impl_->context, [&task] { task(); });
  done.get();
}

}  // namespace pocketmq::broker
