// Remote procedure calls over a message broker, PocketMQ or RabbitMQ:
//
//     pocketmq::client::RpcClient rpc{"amqp+json://localhost/"};
//     auto fib = rpc.procedure<int(int)>("fib", {.timeout = 2s});
//     int n = fib(30);                                 // blocks
//     auto f = fib.async(30, asio::use_future);        // any completion token
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <asio/any_io_executor.hpp>

#include "client/completion.hpp"
#include "client/procedure.hpp"
#include "client/urls.hpp"

namespace pocketmq::client {

/// All calls, of all procedures and from all threads, share one connection and one callback queue. Every call completes
/// exactly once, whatever happens to server, broker, connection or this object.
class RpcClient {
 public:
  /// Connects, with a thread of its own. Throws std::system_error, whose text says what failed and why.
  explicit RpcClient(Urls urls, ConnectionOptions options = {});
  /// Will connect on a strand of `executor`, at `async_open`. Throws for a URL that does not parse.
  RpcClient(asio::any_io_executor executor, Urls urls, ConnectionOptions options = {});
  RpcClient(RpcClient&&) noexcept = default;
  RpcClient& operator=(RpcClient&& other) noexcept;
  /// Calls under way complete with `cancelled`. With a thread of its own it waits until their handlers have run there,
  /// unless it is called from one.
  ~RpcClient();

  /// Connects: void(std::error_code). Call once, and only on a client that was given an executor.
  template <class Token> auto async_open(Token&& token) {
    return initiate<std::error_code>(caller_, std::forward<Token>(token),
                                     [](RpcCaller& caller, Done<> done) { caller.open(std::move(done)); });
  }

  /// The procedure that is served at `queue`. Nothing is sent before its first call.
  template <class Signature>
  [[nodiscard]] Procedure<Signature> procedure(std::string queue, ProcedureOptions options = {}) {
    return {caller_, std::move(queue), std::move(options)};
  }

  /// Replies that came too late, twice, or to calls that nobody made.
  [[nodiscard]] std::uint64_t dropped_replies() const { return caller_->dropped_replies(); }

 private:
  std::shared_ptr<RpcCaller> caller_;
};

}  // namespace pocketmq::client
