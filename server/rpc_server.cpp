#include "server/rpc_server.hpp"

#include <stop_token>

#include <asio/any_io_executor.hpp>

#include "client/stop_signals.hpp"
#include "server/rpc_responder.hpp"

namespace pocketmq::server {

using client::ReconnectingConnection;

namespace {

ResponderOptions responder_options(const RpcServerOptions& options) {
  return {.prefetch = options.prefetch,
          .threads_max = options.threads,
          .executor = options.executor.get() == nullptr ? asio::any_io_executor{} : *options.executor.get(),
          .max_clock_skew = options.max_clock_skew,
          .reveals_exceptions = options.reveal_exceptions,
          .is_patient = options.reconnect.patient,
          .on_trouble = options.on_trouble};
}

}  // namespace

RpcServer::RpcServer(client::Urls urls, RpcServerOptions options)
    : responder_{std::make_shared<RpcResponder>(
        ReconnectingConnection::on_own_thread(std::move(urls), std::move(options.connection), options.reconnect),
        responder_options(options))} {}

RpcServer::RpcServer(asio::any_io_executor executor, client::Urls urls, RpcServerOptions options)
    : responder_{std::make_shared<RpcResponder>(
        ReconnectingConnection::on_executor(std::move(executor), std::move(urls), std::move(options.connection),
                                            options.reconnect),
        responder_options(options))} {}

RpcServer::~RpcServer() {
  if (responder_) responder_->close_and_wait();
}

void RpcServer::serve_handler(std::string queue, Handler handler, ServeOptions options) {
  responder_->serve(std::move(queue), std::move(options), std::move(handler));
}

void RpcServer::use(HandlerMiddleware middleware) { responder_->use(std::move(middleware)); }

std::shared_ptr<Startable> RpcServer::startable() const { return responder_; }

void RpcServer::start() { responder_->start_and_wait(); }

void RpcServer::stop() { responder_->stop(); }

void RpcServer::wait(std::initializer_list<int> stop_signals) {
  const client::StopSignals signals{stop_signals};
  const std::stop_callback stops{signals.token(), [this] { responder_->stop(); }};
  responder_->wait();
}

void RpcServer::run(std::initializer_list<int> stop_signals) {
  const client::StopSignals signals{stop_signals};
  const std::stop_callback stops{signals.token(), [this] { responder_->stop(); }};
  try {
    start();
  } catch (const std::system_error& error) {
    if (error.code() != client::Error::closed) throw;  // `closed`: a request or a signal has stopped it already
  }
  responder_->wait();
}

}  // namespace pocketmq::server
