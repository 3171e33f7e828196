// Remote procedures served over a message broker, PocketMQ or RabbitMQ:
//
//     pocketmq::server::RpcServer server{"amqp+json://localhost/"};
//     server.serve("fib", [](int n) { return fib(n); });
//     server.start();                  // or run(), which returns when the server was stopped
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

#include "client/link/completion.hpp"
#include "client/values/asio_forward.hpp"
#include "client/values/connection_options.hpp"
#include "client/values/dependent.hpp"
#include "client/values/urls.hpp"
#include "server/handler.hpp"
#include "server/middleware.hpp"
#include "server/request.hpp"
#include "server/startable.hpp"

namespace pocketmq::server {

class RpcResponder;

/// Any executor of Asio's, or none.
class HandlerExecutor {
 public:
  HandlerExecutor() = default;
  template <class Executor>
  requires(!std::same_as<Executor, HandlerExecutor>) HandlerExecutor(const Executor& executor)
      : executor_{std::make_shared<client::DependingOn<asio::any_io_executor, Executor>>(executor)} {}

  /// Null for none.
  [[nodiscard]] const asio::any_io_executor* get() const { return executor_.get(); }

 private:
  std::shared_ptr<const asio::any_io_executor> executor_;
};

struct RpcServerOptions {
  /// How many requests of each procedure run at once, and so how many unanswered ones the broker sends; 0: no limit.
  /// With 1 the broker shares requests fairly between servers.
  std::uint16_t prefetch{1};
  /// The largest number of threads for handlers. With 256 there is a thread for each handler that blocks, up to that
  /// number, so that a handler may wait for another handler of the same server. With fewer threads, requests wait for a
  /// free one.
  std::size_t threads{256};
  /// Where handlers run instead of on the server's own threads. If no handler blocks, this may be the io_context that
  /// runs everything else. The executor of a client there (`rpc.executor()`) is best, if the server's constructor gets
  /// that executor too.
  HandlerExecutor executor{};
  /// How far the clocks of callers and this machine may differ before a request counts as too late.
  std::chrono::milliseconds max_clock_skew{max_clock_skew_default};
  /// The server's log, called on the connection's thread with one line at a time, without control characters: the
  /// connection was lost and why, or is back; a queue was lost; a handler's exception; a request that cannot be read.
  /// It must not throw or block. By default lines go to standard error, where lines that nobody reads are dropped.
  std::function<void(const std::string&)> on_trouble{};
  /// Whether callers get the text of a handler's exception. By default they learn only that the handler failed, and the
  /// log has the text, which may be confidential. A handler that wants its caller to read a text throws an RpcError.
  bool reveal_exceptions{false};
  client::ConnectionOptions connection{};
  client::ReconnectOptions reconnect{};
};

/// By default handlers run on other threads than the connection's (see `executor`), at most `prefetch` of each
/// procedure at once. With a `prefetch` of more than 1 a handler must be safe to call from several threads at once. A
/// request is acked after its reply was sent. If the server crashes before that, the broker delivers the request again,
/// so that each request runs at least once. Nothing that a handler, a caller or the broker does ends the server: it
/// reconnects, and declares a lost queue again.
class RpcServer {
 public:
  /// Connects at `start`, with a thread of its own. Takes one URL or several, and throws if one does not parse.
  explicit RpcServer(client::Urls urls, RpcServerOptions options = {});
  /// Connects at `async_start`, on a strand of `executor`.
  RpcServer(asio::any_io_executor executor, client::Urls urls, RpcServerOptions options = {});
  RpcServer(RpcServer&&) noexcept = default;
  RpcServer& operator=(RpcServer&&) = delete;
  /// Stops, waits for running handlers, and sends their replies. It does not wait for coroutines on an executor that
  /// was given to the server. A handler must not call it.
  ~RpcServer();

  /// Serves `handler` at `queue`, before `start`: any callable with one signature, say int(int, std::string), whose
  /// parameters may begin with a Context& and a StreamWriter<T>&, and which may be a coroutine (asio::awaitable<int>).
  /// Arguments, results and elements own their data. A parameter may be a const T&; it is valid until the handler ends.
  /// If the arguments of a call do not fit, the caller gets `invalid_argument` and the handler is not called. An
  /// exception becomes an error reply: an RpcError with its code and text, any other `internal`, with its text in the
  /// log only (`reveal_exceptions`). Throws std::invalid_argument for a queue that is served already, and for a name
  /// that is empty or longer than 255 bytes.
  template <class Callable> void serve(std::string queue, Callable handler, ServeOptions options = {}) {
    serve_handler(std::move(queue), make_handler(std::move(handler)), std::move(options));
  }

  /// Puts a middleware around all handlers. Before `start`. The first one is the outermost.
  void use(HandlerMiddleware middleware);

  /// Connects, declares and consumes. Returns when requests can come. Throws std::system_error, whose text says what
  /// failed at each URL; with `reconnect.patient` it keeps trying instead. The second call throws std::logic_error.
  void start();
  /// The same: void(std::error_code). Only for a server that was given an executor.
  template <class Token> auto async_start(Token&& token) {
    return client::initiate<std::error_code>(
        startable(), std::forward<Token>(token),
        [](Startable& startable, client::Done<> done) { startable.start(std::move(done)); });
  }

  /// Asks the server to stop. The server takes no more requests, gives back those that have not begun, answers the
  /// others, and closes the connection. Returns at once. From any thread, also from a handler.
  void stop();
  /// Waits until the server has stopped, after `stop` or one of the signals. A second signal ends the process at once.
  void wait(std::initializer_list<int> stop_signals = {});
  /// `start` and `wait`.
  void run(std::initializer_list<int> stop_signals = {});

 private:
  void serve_handler(std::string queue, Handler handler, ServeOptions options);
  [[nodiscard]] std::shared_ptr<Startable> startable() const;

  std::shared_ptr<RpcResponder> responder_;
};

}  // namespace pocketmq::server
