// Remote procedure calls over a message broker, PocketMQ or RabbitMQ:
//
//     pocketmq::client::RpcClient rpc{"amqp+json://localhost/"};
//     auto fib = rpc.procedure<int(int)>("fib", {.timeout = 2s});
//     int n = fib(30);                                 // blocks
//     auto f = fib.async(30, asio::use_future);        // any completion token
//     auto count = rpc.procedure<Stream<int>(int)>("count");
//     for (int i : count(10)) ...                      // as they come
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <asio/any_io_executor.hpp>

#include "client/link/completion.hpp"
#include "client/link/reconnecting_connection.hpp"
#include "client/middleware.hpp"
#include "client/procedure.hpp"
#include "client/values/urls.hpp"

namespace pocketmq::client {

struct RpcClientOptions {
  ConnectionOptions connection{};
  ReconnectOptions reconnect{};
  ReplyTo reply{ReplyTo::callback_queue};
  /// Publisher confirms: the broker says of each request whether it took it. One that it refuses, for its queue is full
  /// and rejects, fails at once as `resource_exhausted` instead of waiting for its time to be over; and where a call's
  /// time is over, its text says whether the broker had taken the request. The reply is waited for all the same.
  bool confirm{false};
  /// How long a call that is made while there is no connection waits for one, if its own time is not over before.
  std::chrono::milliseconds connection_wait{std::chrono::seconds{5}};
  /// For tests only: makes correlation and message ids the same in each run, and so lets anybody compute them. Without
  /// it they come from the system's random source, and only who is sent a request knows its ids.
  std::optional<std::uint64_t> seed{};
};

/// All calls, of all procedures and from all threads, share one connection. Every call completes exactly once, whatever
/// happens to server, broker, connection or this object: with the reply, or with an RpcError that is never mistaken for
/// one. A lost connection heals by itself (`ReconnectOptions`): calls under way then fail as `unavailable`, reason
/// `connection_lost`, which says nothing about whether the handler ran or will run; those of an `idempotent` procedure
/// are sent again instead, with the time they have left.
class RpcClient {
 public:
  /// Connects, with a thread of its own: to the first of the URLs that can be reached. Throws std::system_error, whose
  /// text says what failed and why.
  explicit RpcClient(Urls urls, RpcClientOptions options = {});
  /// Will connect on a strand of `executor`, at `async_open`. Throws for a URL that does not parse.
  RpcClient(asio::any_io_executor executor, Urls urls, RpcClientOptions options = {});
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

  /// All calls go through `middleware`, inside of those that were put there before. Before the first call only.
  void use(CallMiddleware middleware) { caller_->use(std::move(middleware)); }

  /// The procedure that is served at `queue`. Nothing is sent before its first call.
  template <class Signature>
  [[nodiscard]] Procedure<Signature> procedure(std::string queue, ProcedureOptions options = {}) {
    return {caller_, std::move(queue), std::move(options)};
  }

  /// Replies that came too late, twice, or to calls that nobody made.
  [[nodiscard]] std::uint64_t dropped_replies() const { return caller_->dropped_replies(); }

  /// Where the connection runs; it must not be blocked. It lives as long as the client does.
  [[nodiscard]] asio::any_io_executor executor() const { return caller_->executor(); }

 private:
  std::shared_ptr<RpcCaller> caller_;
};

}  // namespace pocketmq::client
