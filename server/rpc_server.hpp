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
#include "server/starter.hpp"

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
  /// How many requests of each procedure run at once, and how many of it the broker sends before their answers; 0 for
  /// no limit. One at a time shares fairly with other servers.
  std::uint16_t prefetch{1};
  /// The most threads that handlers get. By default a running handler always has one, so that it may wait for another
  /// one of the same server; up to 256. With fewer, requests wait for a free one.
  std::size_t threads{256};
  /// Where handlers run, instead of on threads of the server's own: the io_context that runs all else, if no handler
  /// blocks, and best the executor of a client there (`rpc.executor()`), given to the server too.
  HandlerExecutor executor{};
  /// How far the clocks of callers and this machine may differ before a request counts as too late.
  std::chrono::milliseconds max_clock_skew{max_clock_skew_default};
  /// The server's log, on the connection's thread: that the broker was lost and why, and that it is back; that a queue
  /// was lost; what a handler's exception said; that a request could not be read. One line without control characters
  /// each. It must not throw, nor block. If none is given they go to standard error; those that nobody reads are
  /// dropped.
  std::function<void(const std::string&)> on_trouble{};
  /// Sends callers what a handler's exception says. Without it they are told that the handler failed, and only the log
  /// says why, for that may be no caller's business. A handler that wants to tell its caller throws an RpcError.
  bool reveal_exceptions{false};
  client::ConnectionOptions connection{};
  client::ReconnectOptions reconnect{};
};

/// Handlers run beside the connection's thread, those of each procedure at most `prefetch` at once; with more than one,
/// a handler must bear being called from several threads. A request is acked after its reply was sent, so that each
/// runs at least once: if the server dies in between, it is delivered again. Nothing that a handler, a caller or the
/// broker does ends the server: a lost connection is opened again, a lost queue declared again.
class RpcServer {
 public:
  /// Connects at `start`, with a thread of its own. Takes one URL or several; throws for one that does not parse.
  explicit RpcServer(client::Urls urls, RpcServerOptions options = {});
  /// Connects at `async_start`, on a strand of `executor`.
  RpcServer(asio::any_io_executor executor, client::Urls urls, RpcServerOptions options = {});
  RpcServer(RpcServer&&) noexcept = default;
  RpcServer& operator=(RpcServer&&) = delete;
  /// Stops, and waits for running handlers; their replies are sent. Not for coroutines on an executor that was given to
  /// the server, which end by themselves. Not to be called by a handler.
  ~RpcServer();

  /// Serves `handler` at `queue`, before `start`: any callable with one signature, say int(int, std::string), whose
  /// parameters may begin with a Context& and a StreamWriter<T>&, and which may be a coroutine (asio::awaitable<int>).
  /// Arguments, results and elements own their data; a parameter may be a const T&, to what lives until the handler is
  /// over. Arguments of another number or type are refused with `invalid_argument` before the handler.
  /// An exception becomes an error reply: an RpcError with its code and text, any other `internal`, with its text in
  /// the log only (`reveal_exceptions`). Throws std::invalid_argument for a queue that is served already, and for a
  /// name that is empty or longer than 255 bytes.
  template <class Callable> void serve(std::string queue, Callable handler, ServeOptions options = {}) {
    serve_handler(std::move(queue), make_handler(std::move(handler)), std::move(options));
  }

  /// Puts a middleware around all handlers, before `start`; the first one is the outermost.
  void use(HandlerMiddleware middleware);

  /// Connects, declares and consumes; returns when requests can come. Throws std::system_error, whose text says what
  /// failed at each URL; with `reconnect.patient` it goes on trying instead. Once: the second time it throws
  /// std::logic_error.
  void start();
  /// The same: void(std::error_code). Only for a server that was given an executor.
  template <class Token> auto async_start(Token&& token) {
    return client::initiate<std::error_code>(
        starter(), std::forward<Token>(token),
        [](Starter& starter, client::Done<> done) { starter.start(std::move(done)); });
  }

  /// Asks the server to stop: it takes no more requests, gives back those that have not begun, answers the others, and
  /// leaves. Returns at once; may be called from any thread, handlers included.
  void stop();
  /// Waits until that is done, after `stop` or one of the signals. A second signal ends the process at once.
  void wait(std::initializer_list<int> stop_signals = {});
  /// `start` and `wait`.
  void run(std::initializer_list<int> stop_signals = {});

 private:
  void serve_handler(std::string queue, Handler handler, ServeOptions options);
  [[nodiscard]] std::shared_ptr<Starter> starter() const;

  std::shared_ptr<RpcResponder> responder_;
};

}  // namespace pocketmq::server
