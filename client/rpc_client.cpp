#include "client/rpc_client.hpp"

namespace pocketmq::client {

RpcClient::RpcClient(std::string_view url, ConnectionOptions options)
    : caller_{std::make_shared<RpcCaller>(Driver::on_own_thread(parse_url_or_throw(url), std::move(options)))} {
  caller_->open_and_wait();
}

RpcClient::RpcClient(asio::any_io_executor executor, std::string_view url, ConnectionOptions options)
    : caller_{std::make_shared<RpcCaller>(
        Driver::on_executor(std::move(executor), parse_url_or_throw(url), std::move(options)))} {}

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
