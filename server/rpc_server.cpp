#include "server/rpc_server.hpp"

#include <asio/signal_set.hpp>
#include <asio/thread_pool.hpp>

namespace pocketmq::server {

using client::Driver;
using client::Loop;
using client::parse_url_or_throw;

namespace {

// While it lives, the signals stop the server instead of the process.
class StopSignals {
 public:
  StopSignals(std::shared_ptr<RpcResponder> responder, std::initializer_list<int> numbers) {
    for (const int number : numbers) signals_.add(number);
    signals_.async_wait([responder = std::move(responder)](std::error_code error, int) {
      if (!error) responder->stop();
    });
  }

 private:
  asio::thread_pool thread_{1};
  asio::signal_set signals_{thread_};
};

}  // namespace

RpcServer::RpcServer(std::string_view url, RpcServerOptions options)
    : responder_{std::make_shared<RpcResponder>(
        Driver::on(Loop::on_own_thread(), parse_url_or_throw(url), std::move(options.connection)), options.prefetch)} {}

RpcServer::RpcServer(asio::any_io_executor executor, std::string_view url, RpcServerOptions options)
    : responder_{std::make_shared<RpcResponder>(
        Driver::on(Loop::on_executor(std::move(executor)), parse_url_or_throw(url), std::move(options.connection)),
        options.prefetch)} {}

RpcServer::~RpcServer() {
  if (responder_) responder_->close_and_wait();
}

void RpcServer::start() { responder_->start_and_wait(); }

void RpcServer::stop() { responder_->stop(); }

void RpcServer::wait(std::initializer_list<int> stop_signals) {
  const StopSignals stops{responder_, stop_signals};
  responder_->wait();
}

void RpcServer::run(std::initializer_list<int> stop_signals) {
  const StopSignals stops{responder_, stop_signals};
  start();
  responder_->wait();
}

}  // namespace pocketmq::server
