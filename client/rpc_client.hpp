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

#include "client/link/completion.hpp"
#include "client/middleware.hpp"
#include "client/procedure.hpp"
#include "client/rpc/caller.hpp"
#include "client/values/asio_forward.hpp"
#include "client/values/connection_options.hpp"
#include "client/values/reply_to.hpp"
#include "client/values/urls.hpp"

namespace pocketmq::client {

struct RpcClientOptions {
  ConnectionOptions connection{};
  ReconnectOptions reconnect{};
  ReplyTo reply{ReplyTo::callback_queue};
  /// Use publisher confirms: the broker confirms each request. A call whose request the broker refuses (its queue is
  /// full and rejects) fails at once as `resource_exhausted`, instead of at its deadline. The text of a
  /// `deadline_exceeded` says whether the broker had taken the request. A confirm does not replace the reply.
  bool confirm{false};
  /// How long a call waits for a connection if there is none, unless its own deadline comes first.
  std::chrono::milliseconds connection_wait{std::chrono::seconds{5}};
  /// For tests only: makes correlation and message ids the same in each run, so that anybody can compute them. Without
  /// it they come from the system's random source, and only the receivers of a request know its ids.
  std::optional<std::uint64_t> seed{};
};

/// All calls, of all procedures and from all threads, share one connection. Every call completes exactly once, with the
/// reply or an RpcError, whatever happens to server, broker, connection or this object. The client replaces a lost
/// connection (`ReconnectOptions`). Calls under way then fail as `unavailable`, reason `connection_lost`; their
/// handlers may have run, or may still run. Calls of an `idempotent` procedure are sent again instead, and keep their
/// deadlines.
class RpcClient {
 public:
  /// Connects to the first URL that can be reached, and runs the connection on a thread of its own. Throws
  /// std::system_error, whose text says what failed and why.
  explicit RpcClient(Urls urls, RpcClientOptions options = {});
  /// Runs the connection on a strand of `executor`. Connects at `async_open`. Throws std::system_error for an invalid
  /// URL.
  RpcClient(asio::any_io_executor executor, Urls urls, RpcClientOptions options = {});
  RpcClient(RpcClient&&) noexcept = default;
  RpcClient& operator=(RpcClient&& other) noexcept;
  /// Completes calls under way with `cancelled`. A client with a thread of its own waits until their completion
  /// handlers have run, unless one of these handlers destroys it.
  ~RpcClient();

  /// Connects: void(std::error_code). Call once, and only on a client that was given an executor.
  template <class Token> auto async_open(Token&& token) {
    return initiate<std::error_code>(caller_, std::forward<Token>(token),
                                     [](Caller& caller, Done<> done) { caller.open(std::move(done)); });
  }

  /// Adds `middleware` to the chain of all calls, as the innermost one. Before the first call only.
  void use(CallMiddleware middleware) { caller_->use(std::move(middleware)); }

  /// The procedure that is served at `queue`. This sends nothing.
  template <class Signature>
  [[nodiscard]] Procedure<Signature> procedure(std::string queue, ProcedureOptions options = {}) {
    return {caller_, std::move(queue), std::move(options)};
  }

  /// Counts replies that came too late, twice, or to calls that nobody made.
  [[nodiscard]] std::uint64_t dropped_replies() const { return caller_->dropped_replies(); }

  /// The executor of the connection. It must not be blocked. Valid as long as the client lives.
  [[nodiscard]] asio::any_io_executor executor() const;

 private:
  std::shared_ptr<Caller> caller_;
};

}  // namespace pocketmq::client
