#include "client/rpc_client.hpp"

#include <asio/any_io_executor.hpp>

#include "client/link/reconnecting_connection.hpp"
#include "client/rpc/rpc_caller.hpp"

namespace pocketmq::client {
namespace {

RpcSettings settings_of(const RpcClientOptions& options) {
  return {.reply_to = options.reply,
          .confirm = options.confirm,
          .connection_wait = options.connection_wait,
          .seed = options.seed};
}

}  // namespace

RpcClient::RpcClient(Urls urls, RpcClientOptions options)
    : caller_{std::make_shared<RpcCaller>(
        ReconnectingConnection::on_own_thread(std::move(urls), options.connection, options.reconnect),
        settings_of(options))} {
  caller_->open_and_wait();
}

RpcClient::RpcClient(asio::any_io_executor executor, Urls urls, RpcClientOptions options)
    : caller_{std::make_shared<RpcCaller>(ReconnectingConnection::on_executor(std::move(executor), std::move(urls),
                                                                              options.connection, options.reconnect),
                                          settings_of(options))} {}

RpcClient& RpcClient::operator=(RpcClient&& other) noexcept {
  if (this == &other) return *this;
  if (caller_) caller_->close_and_wait();
  caller_ = std::move(other.caller_);
  return *this;
}

RpcClient::~RpcClient() {
  if (caller_) caller_->close_and_wait();
}

asio::any_io_executor RpcClient::executor() const { return caller_->executor(); }

}  // namespace pocketmq::client
