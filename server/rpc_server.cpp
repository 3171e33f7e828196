#include "server/rpc_server.hpp"

#include <asio/signal_set.hpp>
#include <asio/thread_pool.hpp>

namespace pocketmq::server {

using client::Link;

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

ResponderOptions responder_options(const RpcServerOptions& options) {
  return {.prefetch = options.prefetch,
          .threads_max = options.threads,
          .executor = options.executor,
          .max_clock_skew = options.max_clock_skew,
          .reveals_exceptions = options.reveal_exceptions,
          .is_patient = options.reconnect.patient,
          .on_trouble = options.on_trouble};
}

}  // namespace

RpcServer::RpcServer(client::Urls urls, RpcServerOptions options)
    : responder_{std::make_shared<RpcResponder>(
        Link::on_own_thread(std::move(urls), std::move(options.connection), options.reconnect),
        responder_options(options))} {}

RpcServer::RpcServer(asio::any_io_executor executor, client::Urls urls, RpcServerOptions options)
    : responder_{std::make_shared<RpcResponder>(
        Link::on_executor(std::move(executor), std::move(urls), std::move(options.connection), options.reconnect),
        responder_options(options))} {}

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
  try {
    start();
  } catch (const std::system_error& error) {
    if (error.code() != client::Error::closed) throw;  // else it was stopped: requests and signals may come that early
  }
  responder_->wait();
}

}  // namespace pocketmq::server
