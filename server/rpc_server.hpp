// Remote procedures served over a message broker, PocketMQ or RabbitMQ:
//
//     pocketmq::server::RpcServer server{"amqp+json://localhost/"};
//     server.serve("fib", [](int n) { return fib(n); });
//     server.start();                  // or run(), which returns when the server was stopped
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <asio/any_io_executor.hpp>

#include "client/completion.hpp"
#include "client/driver.hpp"
#include "client/queue_options.hpp"
#include "server/handler.hpp"
#include "server/rpc_responder.hpp"

namespace pocketmq::server {

struct RpcServerOptions {
  /// How many requests of each procedure the broker sends before their answers; 0 for no limit. One at a time shares
  /// fairly with other servers.
  std::uint16_t prefetch{1};
  client::ConnectionOptions connection{};
};

/// Handlers run one at a time, on a thread of their own beside the connection's. A request is acked after its reply was
/// sent, so that each runs at least once: if the server dies in between, it is delivered again. Nothing that a handler
/// or a caller does ends the server.
class RpcServer {
 public:
  /// Connects at `start`, with a thread of its own. Throws for a URL that does not parse.
  explicit RpcServer(std::string_view url, RpcServerOptions options = {});
  /// Connects at `async_start`, on a strand of `executor`.
  RpcServer(asio::any_io_executor executor, std::string_view url, RpcServerOptions options = {});
  RpcServer(RpcServer&&) noexcept = default;
  RpcServer& operator=(RpcServer&&) = delete;
  /// Lets running handlers finish and sends their replies; requests that were not begun go back to their queues. Not to
  /// be called by a handler.
  ~RpcServer();

  /// Serves `handler` at `queue`, which is declared with `options`: any callable with one signature, say int(int,
  /// std::string). Call before `start`. An exception becomes an error reply (`internal`, or the code of an RpcError);
  /// arguments of another number or type are refused with `invalid_argument` before the handler.
  template <class Callable> void serve(std::string queue, Callable handler, client::QueueOptions options = {}) {
    responder_->add(std::move(queue), std::move(options), make_handler(std::move(handler)));
  }

  /// Connects, declares and consumes; returns when requests can come. Throws std::system_error, whose text says what
  /// failed.
  void start();
  /// The same: void(std::error_code). Only for a server that was given an executor.
  template <class Token> auto async_start(Token&& token) {
    return client::initiate<std::error_code>(
        responder_, std::forward<Token>(token), [](RpcResponder& responder, client::Done<> done) {
          responder.start([done = std::move(done)](const client::CloseReason& reason) mutable { done(reason.error); });
        });
  }

  /// Asks the server to stop: it takes no more requests. Returns at once; may be called from any thread, handlers
  /// included.
  void stop();
  /// Waits until the server was stopped, by `stop` or by one of the signals. Throws std::system_error if instead the
  /// connection was lost, or a queue deleted.
  void wait(std::initializer_list<int> stop_signals = {});
  /// `start` and `wait`.
  void run(std::initializer_list<int> stop_signals = {});

 private:
  std::shared_ptr<RpcResponder> responder_;
};

}  // namespace pocketmq::server
