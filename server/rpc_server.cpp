#include "server/rpc_server.hpp"

#include <asio/signal_set.hpp>
#include <asio/thread_pool.hpp>

namespace pocketmq::server {

using client::Driver;
using client::parse_url_or_throw;

RpcServer::RpcServer(std::string_view url, RpcServerOptions options)
    : responder_{std::make_shared<RpcResponder>(
          Driver::on_own_thread(parse_url_or_throw(url), std::move(options.connection)), options.prefetch)} {}

RpcServer::RpcServer(asio::any_io_executor executor, std::string_view url, RpcServerOptions options)
    : responder_{std::make_shared<RpcResponder>(
          Driver::on_executor(std::move(executor), parse_url_or_throw(url), std::move(options.connection)),
          options.prefetch)} {}

RpcServer::~RpcServer() {
  if (responder_) responder_->close_and_wait();
}

void RpcServer::start() { responder_->start_and_wait(); }

void RpcServer::stop() { responder_->stop(); }

void RpcServer::wait(std::initializer_list<int> stop_signals) {
  asio::thread_pool signal_thread{1};
  asio::signal_set signals{signal_thread};
  for (const int signal : stop_signals) signals.add(signal);
  signals.async_wait([responder = responder_](std::error_code error, int) {
    if (!error) responder->stop();
  });
  responder_->wait();
}

void RpcServer::run(std::initializer_list<int> stop_signals) {
  start();
  wait(stop_signals);
}

}  // namespace pocketmq::server
