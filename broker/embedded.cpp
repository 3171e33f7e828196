#include "broker/embedded.hpp"

#include <future>
#include <thread>

#include <asio/dispatch.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include "broker/control/clock_control.hpp"
#include "broker/host/listener.hpp"
#include "broker/host/pipe_acceptor.hpp"
#include "protocol/io/clock_of.hpp"

namespace pocketmq::broker {
namespace {

// How long clients may take to answer the close of their connection before they are cut.
constexpr std::chrono::milliseconds grace{200};

// The host for URLs: where clients on this machine reach that address.
std::string host_of(const asio::ip::address& address) {
  if (address.is_v4()) return address.is_unspecified() ? "127.0.0.1" : address.to_string();
  return "[" + (address.is_unspecified() ? "::1" : address.to_string()) + "]";
}

// Fills in what depends on the event loop and on HTTP, which shows the journal.
Options completed(Options options, asio::io_context& context, const HttpMaker& http) {
  if (options.begins_at == protocol::WallTime{}) options.begins_at = protocol::clock_of(context).wall_now();
  if (http && options.journal_bytes == 0) options.journal_bytes = Journal::ring_default_bytes;
  return options;
}

}  // namespace

struct Embedded::Impl {
  Impl(Options options, Observer* observer, const ListenOn& where)
      : broker{completed(std::move(options), context, where.http), observer},
        http{where.http ? where.http(broker) : nullptr},
        listener{context, broker, listen_addresses(where.address, where.port)},
        address{listener.address()},
        acceptor{make_acceptor(listener.connections())},
        thread{[this] {
          if (http) listener.answer_http_with(*http);
          context.run();
        }} {}

  asio::io_context context{1};
  Broker broker;
  ClockControl clock{broker.context()};
  const std::shared_ptr<http::HttpEntrance> http;
  Listener listener;
  const asio::ip::tcp::endpoint address;
  const std::shared_ptr<protocol::PipeAcceptor> acceptor;
  std::thread thread;
};

Embedded::Embedded(Options options, Observer* observer, const ListenOn& where)
    : impl_{std::make_unique<Impl>(std::move(options), observer, where)} {}

Embedded::~Embedded() {
  asio::post(impl_->context, [this] {
    impl_->acceptor->close();
    impl_->listener.stop("the embedded broker was stopped", grace);
  });
  impl_->thread.join();
}

std::uint16_t Embedded::port() const { return impl_->address.port(); }

std::string Embedded::url(protocol::Encoding encoding) const {
  const std::string scheme = encoding == protocol::Encoding::json ? "amqp+json" : "amqp";
  return scheme + "://guest:guest@" + host_of(impl_->address.address()) + ":" + std::to_string(port()) + "/";
}

protocol::Url Embedded::pipe(protocol::Encoding encoding) const { return url_of(impl_->acceptor, encoding); }

void Embedded::freeze_clock() {
  run([this](Broker&) { impl_->clock.freeze(impl_->listener.connections().clock().now()); });
}

void Embedded::run_clock() {
  run([this](Broker&) { impl_->clock.run(impl_->listener.connections().clock().now()); });
}

void Embedded::advance_clock(std::chrono::nanoseconds time) {
  std::promise<void> advanced;
  run([&](Broker&) { impl_->clock.advance(time, [&advanced] { advanced.set_value(); }); });
  advanced.get_future().get();
}

void Embedded::run(const std::function<void(Broker&)>& look) {
  std::packaged_task<void()> task{[&] {
    look(impl_->broker);
    impl_->listener.connections().look_at_broker();
  }};
  auto done = task.get_future();
  asio::dispatch(impl_->context, [&task] { task(); });
  done.get();
}

}  // namespace pocketmq::broker
