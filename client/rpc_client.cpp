#include "client/rpc_client.hpp"

namespace pocketmq::client {

RpcClient::RpcClient(Urls urls, ConnectionOptions options)
    : caller_{std::make_shared<RpcCaller>(Link::on_own_thread(std::move(urls), std::move(options)))} {
  caller_->open_and_wait();
}

RpcClient::RpcClient(asio::any_io_executor executor, Urls urls, ConnectionOptions options)
    : caller_{
        std::make_shared<RpcCaller>(Link::on_executor(std::move(executor), std::move(urls), std::move(options)))} {}

RpcClient& RpcClient::operator=(RpcClient&& other) noexcept {
  if (this == &other) return *this;
  if (caller_) caller_->close_and_wait();
  caller_ = std::move(other.caller_);
  return *this;
}

RpcClient::~RpcClient() {
  if (caller_) caller_->close_and_wait();
}

}  // namespace pocketmq::client
