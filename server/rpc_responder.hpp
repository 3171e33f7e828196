// Requests come where the connection runs, are run where handlers run, and how they ended goes back.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <asio/any_io_executor.hpp>

#include "client/link/reconnecting_connection.hpp"
#include "client/rpc/numbered.hpp"
#include "protocol/io/errand.hpp"
#include "protocol/io/line_writer.hpp"
#include "server/handler.hpp"
#include "server/handler_threads.hpp"
#include "server/invocation.hpp"
#include "server/middleware.hpp"
#include "server/server_core.hpp"
#include "server/starter.hpp"

namespace pocketmq::server {

struct ResponderOptions {
  std::uint16_t prefetch{1};
  std::size_t threads_max{0};        // of its own, for handlers
  asio::any_io_executor executor{};  // runs handlers instead, if it is one
  std::chrono::milliseconds max_clock_skew{max_clock_skew_default};
  bool reveals_exceptions{false};
  bool is_patient{false};  // as the connection
  std::function<void(const std::string&)> on_trouble{};
};

/// What `RpcServer` is a handle of. From any thread, but a handler's for `close_and_wait`, which whoever owns it calls
/// before letting it go.
class RpcResponder final : public std::enable_shared_from_this<RpcResponder>,
                           public Starter,
                           private Invocation::Owner {
 public:
  RpcResponder(std::shared_ptr<client::ReconnectingConnection> connection, ResponderOptions options);
  RpcResponder(const RpcResponder&) = delete;
  RpcResponder& operator=(const RpcResponder&) = delete;

  /// Both throw std::logic_error once it is started, and `serve` std::invalid_argument for a queue that is served.
  void serve(std::string queue, ServeOptions options, Handler handler);
  void use(HandlerMiddleware middleware);

  void start(client::Done<> started) override;
  /// The same, and throws std::system_error. Only on a connection with a thread of its own.
  void start_and_wait();
  /// Begins nothing more; when what runs is answered, the connection is closed. Returns at once.
  void stop();
  /// Returns when that is done.
  void wait();
  /// Stops, lets running handlers finish, and closes the connection.
  void close_and_wait();

  [[nodiscard]] const client::SerialExecutor& executor() const override { return connection_->executor(); }

 private:
  struct Procedure {
    std::string queue;
    Handler handler;
    bool keeps_answers;                                         // for repeats
    NextHandler chain{};                                        // the middleware, and the handler last
    client::Numbered<std::weak_ptr<Invocation>> invocations{};  // where the connection runs
  };

  void refuse_once_started();
  void prepare();
  void build_chains();

  // Where the connection runs:
  void connected(client::ConnectionCore& connection, client::ReconnectingConnection::Ready ready);
  void hand_over(Request&& request);
  using Batch = std::vector<std::shared_ptr<Invocation>>;
  void let_wait(Batch& batch);
  void cancel(RequestId id);
  void end(RequestId id, const Ending& ending);
  void connecting_failed(const client::CloseReason& reason);
  void is_ready(const client::CloseReason& refusal);
  /// Unless it is stopping, when nothing is healed any more.
  void tell_trouble(const std::string& trouble);
  void tell(const std::string& what);
  [[nodiscard]] std::vector<std::shared_ptr<Invocation>> invocations();

  // Where handlers run. Invariant: while a request waits there, a runner is on its way; it takes what waits, one after
  // the other, and before each it sends another one to what is left, for a handler may block.
  void send_runner(std::unique_lock<std::mutex> held);
  void run_waiting();
  void let_go_of_waiting();
  using Runner = protocol::Errand<RpcResponder, &RpcResponder::run_waiting, &RpcResponder::let_go_of_waiting>;
  void run(const std::shared_ptr<Invocation>& invocation);

  // From any thread:
  void ended(RequestId id, Ending&& ending) override;
  /// Runs `task` where the connection runs.
  template <class Task> void run_on_connection(Task task) {
    connection_->run([self = shared_from_this(), task = std::move(task)]() mutable { task(*self); });
  }

  const std::shared_ptr<client::ReconnectingConnection> connection_;
  const ResponderOptions options_;
  std::vector<Procedure> procedures_;  // neither list changes once it is started
  std::vector<HandlerMiddleware> middleware_;
  bool has_coroutines_{false};

  // Where the connection runs:
  ServerCore core_;
  bool was_ready_{false};
  bool is_away_{false};    // the broker, and that was told
  Batch* batch_{nullptr};  // what came in this turn, while a task is on its way to it
  // Once there is something to tell, and no `on_trouble`.
  std::optional<protocol::LineWriter> standard_error_;

  std::mutex mutex_;  // guards what follows, and that no thread is started when they are waited for
  std::condition_variable changed_;
  bool is_started_{false};
  bool is_stopping_{false};
  bool has_stopped_{false};
  std::deque<std::shared_ptr<Invocation>> waiting_;
  bool runner_is_coming_{false};
  std::size_t runners_{0};  // that have come; each holds a thread

  HandlerThreads threads_;
  const asio::any_io_executor handlers_;
  const asio::any_io_executor later_;  // runs nothing inside of a call: what `asio::post` makes of it each time
};

}  // namespace pocketmq::server
